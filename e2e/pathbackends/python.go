package pathbackends

import (
	"path/filepath"
)

// StartPython starts the Python backends: Flask on Werkzeug's own server, on
// waitress and on gunicorn, Django on waitress, Starlette on uvicorn with both
// of its parsers, Starlette's server of files in root, and aiohttp.
func StartPython(root string) (*Family, error) {
	python, err := lookPath("python3", "Python 3.11 or newer with its venv module")
	if err != nil {
		return nil, err
	}
	dir, err := built("python", func(dir string) error {
		if err := run(dir, python, "-m", "venv", "venv"); err != nil {
			return err
		}
		return run(dir, filepath.Join(dir, "venv", "bin", "pip"), "install", "--quiet",
			"--disable-pip-version-check", "--requirement", "requirements.txt")
	})
	if err != nil {
		return nil, err
	}
	return startProcess("python", command{
		path: filepath.Join(dir, "venv", "bin", "python"),
		args: []string{filepath.Join(dir, "server.py")},
		env:  []string{"PATHBACKENDS_ROOT=" + root, "PYTHONDONTWRITEBYTECODE=1"},
	})
}
