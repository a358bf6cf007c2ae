// Package measure is what the benchmarks of the relay and of the whole program
// share: the rival, what stands behind it, and what a process has used. Begin
// with [Forward] and [CPUTime]. Linux only.
package measure
