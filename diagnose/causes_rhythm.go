package diagnose

// rhythmCauses show in several sessions of a device, not in one.
var rhythmCauses = []Cause{
	{ID: "PH-54", Title: "the device restarts between its sessions", Seen: OnWire, Stage: StageOnline,
		Means:  "After each start a device says in the event spark/device/last_reset what made it restart (firmware from 0.6.0 on). Three of its sessions in a row begin so, with a reason that nobody wants: a watchdog, a crash, a supply that breaks down, or an update that stopped. What ends its sessions is in the device, not in the network or the server.",
		Device: "It starts anew each time: the light goes white, green, then blinking cyan. A crash (panic) shows red SOS before.",
		Remedy: []string{"watchdog: look for what blocks loop(), or give the watchdog more time.", "panic: look the name up; count the red blinks after SOS. Safe mode keeps the application from running: hold SETUP, tap RESET, release SETUP when the light blinks magenta.", "power_brownout: another supply and another cable: sending draws the most.", "update_timeout: see PH-32.", "$ photonscope explain PH-32"},
		Read:   []string{"https://docs.particle.io/reference/device-os/api/system-calls/reset-reason"}},
	{ID: "PH-55", Title: "the device fails again and again, and waits longer and longer", Seen: OnWire, Stage: StageConnect, Rows: "F1",
		Means:  "Firmware waits 1 s after each of its first five failures, 2 s after the next five, and so on up to 128 s, and keeps no count over a restart. The attempts have this rhythm: the device runs all the while, finds this address each time and has not restarted. So neither its supply nor its network is the cause; why each attempt fails, its session does not tell.",
		Device: "It blinks cyan between the attempts. " + showsRetry,
		Remedy: []string{"Give the server's key and those of devices: then the sessions themselves tell more.", "$ photonscope diagnose -k default_key.pem --server-keys core_keys CAPTURE", "Look into the server's log at the times of the attempts.", stepReset}},
	{ID: "PH-56", Title: "attempts keep coming sooner than a device's firmware makes them", Seen: OnWire, Stage: StageConnect,
		Means:  "After five failures in a row firmware waits 2 s, after ten 4 s, and so on. These attempts go on in the rhythm of the first. Whoever connects does not count failures as a Photon does: a health check of a container or a load balancer, a monitor, a simulator; or a device that is restarted each time before it counts to six.",
		Device: "If it is a device it restarts in between: the light goes white, green, then blinking cyan.",
		Remedy: []string{"Which program has the address that the attempts come from?", "$ sudo ss -tnp 'dport = :{port}'", "If it is a device: look at its supply, and at what restarts it.", "A health check does no harm; have it use the port of the API, and the log stays readable."}},
}
