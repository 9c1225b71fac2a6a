"""The `glasshouse` command: parse, call a public function, print."""
