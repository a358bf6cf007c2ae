package sim

// rareScenes are what the demo leaves out.
var rareScenes = []scene{}
