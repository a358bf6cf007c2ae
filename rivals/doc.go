// Package rivals holds photonscope beside the libraries that do the same work:
// each benchmark runs both in one process and reports the ratio, each test lets
// the other library judge ours. It is a module of its own, so that the rivals
// are no dependency of photonscope. Begin with [BenchmarkCoAP] and [FuzzCoAP],
// in coap_test.go.
package rivals
