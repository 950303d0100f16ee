// Package kubernetes tries the plugin and the manifests of examples/kubernetes
// against a real Kubernetes API server: Build makes it from its module, Start
// runs it with etcd, and Client speaks to it as kubectl would, by server-side
// apply. A kubectl is there too, for the commands of the example's page.
//
// There is nothing else of a cluster: no controllers, no kubelet, no network.
// What these would do is done by hand where it matters, the endpoints of
// services and the files of a mounted ConfigMap; pods are asked for as a trial
// only. Traefik runs on this machine, with the arguments of the manifests and
// with a token of its service account.
package kubernetes
