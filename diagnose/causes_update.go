package diagnose

// updateCauses are about firmware updates over the air.
var updateCauses = []Cause{
	{ID: "PH-32", Title: "a firmware update failed on its way: chunks are damaged or missing, or it broke off", Seen: OnWire, Stage: StageUpdate, Rows: "S13, S16",
		Means:   "Each chunk has a checksum of its own. One that does not fit is asked for again; when chunks stop coming, a device restarts after 30 s. The Brewskey server reports success whatever the device answers.",
		Device:  "It blinks magenta. What it lacks it asks for again; if that does not come it restarts with the old firmware, at the latest 30 s after the last chunk.",
		Servers: "Flash device failed, after 60 s (Brewskey) or 600 s (spark-protocol)",
		Remedy:  []string{"Unless the update came to its end all the same: repeat it. If it fails again, take the image to the device by USB.", "$ particle flash --usb firmware.bin"},
		Read:    []string{"https://github.com/Brewskey/spark-server/issues/189", "https://github.com/Brewskey/spark-server/issues/194", "https://github.com/Brewskey/spark-server/issues/264"}},
	{ID: "PH-47", Title: "the device refuses the firmware update", Seen: OnWire, Stage: StageUpdate, Rows: "S14",
		Means:   "It answers 5.03 (4.00 before 1.2.0): updates are switched off, or the image is larger than its place for it (262144 bytes on a Photon).",
		Device:  "It goes on as before.",
		Servers: "a time limit of 60 s (Brewskey) or 108 s (spark-protocol)",
		Remedy:  []string{"Does the application call System.disableUpdates()? Is the image that of an application, and not of the whole system?"}},
	{ID: "PH-48", Title: "the firmware image does not fit the device", Seen: OnWire, Stage: StageUpdate, Rows: "S15",
		Means:  "The header of the image names another platform, or its checksum is wrong, or the device said after the transfer that it does not take it. It would come back without the application, in safe mode.",
		Device: "It restarts, with the old firmware or in safe mode (breathing magenta).",
		Remedy: []string{"Build the image for this device: platform 6 is a Photon, 8 a P1.", "$ particle compile photon . --target VERSION", "$ particle flash {id} firmware.bin"},
		Read:   []string{"https://github.com/Brewskey/spark-server/issues/239"}},
}
