#!/usr/bin/env node
// Executable in a fresh clone, too, where the compiler has just written `dist` without that permission.
import '../dist/cli/main.js';
