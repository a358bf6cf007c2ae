module github.com/photonscope/photonscope/rivals

go 1.26.0

require (
	github.com/photonscope/photonscope v0.0.0
	github.com/plgd-dev/go-coap/v3 v3.8.0
)

require golang.org/x/exp v0.0.0-20261014143641-f0251eb4aa3e // indirect

replace github.com/photonscope/photonscope => ../
