package pathbackends

import "path/filepath"

// StartNode starts the Node backends: Express 5 and 4, Express' server of
// files in root, Fastify, Koa's router, and servers written by hand on
// node:http that read the target with the URL class, with path.normalize, with
// Windows' rules, twice decoded, and with unescape.
func StartNode(root string) (*Family, error) {
	node, err := lookPath("node", "Node 20 or newer")
	if err != nil {
		return nil, err
	}
	npm, err := lookPath("npm", "comes with Node")
	if err != nil {
		return nil, err
	}
	dir, err := built("node", func(dir string) error {
		return run(dir, npm, "ci", "--ignore-scripts", "--no-audit", "--no-fund")
	})
	if err != nil {
		return nil, err
	}
	return startProcess("node", command{
		path: node,
		args: []string{filepath.Join(dir, "server.js")},
		env:  []string{"PATHBACKENDS_ROOT=" + root, "NODE_ENV=production"},
	})
}
