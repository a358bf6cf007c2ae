package ui

// setLegs shows both legs of proxied pairs, or each message once.
func setLegs(a *app, arg string) Safe {
	if arg != "both" && arg != "device" {
		return "legs both shows each leg, legs device each message once"
	}
	a.model.bothLegs = arg == "both"
	a.model.apply()
	a.refresh()
	return ""
}
