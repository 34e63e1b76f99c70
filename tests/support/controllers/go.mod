module controllers

go 1.26.0

// Nothing of them is compiled: their CustomResourceDefinitions are read.
require (
	github.com/cloudnative-pg/cloudnative-pg v1.25.0
	github.com/elastic/cloud-on-k8s/v3 v3.5.0
	knative.dev/serving v0.51.0
)
