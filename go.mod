module github.com/photonscope/photonscope

go 1.26
