package sim

// trailSize is how many messages a script may be behind; what comes above that
// it does not see.
const trailSize = 1024
