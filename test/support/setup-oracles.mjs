// Puts AMD's open ap_types headers (Apache-2.0) into out/oracles/ap_types, where the tests look for them.
// They come from the PyPI wheel of hls4ml, which carries a copy. Needs Python 3 with pip. Nothing of hls4ml is run.
//   node test/support/setup-oracles.mjs
import { execFileSync } from 'node:child_process';
import console from 'node:console';
import { createHash } from 'node:crypto';
import { cpSync, existsSync, mkdtempSync, readFileSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { URL, fileURLToPath } from 'node:url';

const version = '1.3.0';
const sha256 = '01bf1de2cd9bca56699b9fe3385cb1735026b022f9580fe1d73faf192dfb90f2';
const target = fileURLToPath(new URL('../../out/oracles/ap_types', import.meta.url));

function python(...parameters) {
  for (const name of ['python3', 'python']) {
    try {
      return execFileSync(name, parameters, { stdio: ['ignore', 'ignore', 'inherit'] });
    } catch (error) {
      if (error.code !== 'ENOENT') throw error;
    }
  }
  throw new Error('Python 3 with pip is needed to fetch the headers.');
}

if (existsSync(join(target, 'ap_fixed.h'))) {
  console.log(`AMD's ap_types are in ${target} already.`);
} else {
  const work = mkdtempSync(join(tmpdir(), 'qfx-oracles-'));
  try {
    const only = ['--no-deps', '--only-binary=:all:', '--ignore-requires-python', '--disable-pip-version-check'];
    python('-m', 'pip', 'download', '--quiet', ...only, '--dest', work, `hls4ml==${version}`);
    const wheel = join(work, readdirSync(work).find((name) => name.endsWith('.whl')) ?? 'no wheel');
    const found = createHash('sha256').update(readFileSync(wheel)).digest('hex');
    if (found !== sha256) throw new Error(`${wheel}: SHA-256 ${found}, expected ${sha256}`);
    python('-m', 'zipfile', '-e', wheel, join(work, 'wheel'));
    cpSync(join(work, 'wheel', 'hls4ml', 'templates', 'vivado', 'ap_types'), target, { recursive: true });
    console.log(`AMD's ap_types are in ${target}.`);
  } finally {
    rmSync(work, { recursive: true, force: true });
  }
}
