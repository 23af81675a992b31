import { beforeEach } from 'vitest';
import { findNativeBackend } from './backend.js';
import { requireOracle } from './oracles.js';

beforeEach((context) => void requireOracle(context, findNativeBackend()));
