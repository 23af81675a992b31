// Compiles the AssemblyScript of each `assembly` folder to WebAssembly and writes it into a TypeScript module beside the
// folder, as base64: so it is found wherever the code runs, from sources, from the package, in a browser.
import { createHash } from 'node:crypto';
import { readFile, readdir, rename, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import asc from 'assemblyscript/asc';

const root = fileURLToPath(new URL('..', import.meta.url));

/** Folders of AssemblyScript; what `index.ts` exports is what the module exports. */
const folders = ['src/autograd/kernels/assembly', 'src/qfx/execute/assembly'];

// No runtime, no data segment, no memory of its own: a module is functions over a memory that somebody else owns.
const options = ['-O3', '--noAssert', '--enable', 'simd', '--runtime', 'stub', '--importMemory', '--stackSize', '0'];

for (const folder of folders) await build(folder);

async function build(folder) {
  const digest = await digestOf(folder);
  const target = join(root, dirname(folder), 'assembly.generated.ts');
  const first = `// Made by scripts/build-wasm.mjs from ${folder}, ${digest}`;
  const existing = await readFile(target, 'utf8').catch(() => '');
  if (existing.startsWith(`${first}\n`) && isWhole(existing)) return;
  const bytes = await compile(folder);
  const text = Buffer.from(bytes).toString('base64');
  const module = `${first}\n/** ${bytes.length} bytes of WebAssembly. */\nexport const assembly = '${text}';\n`;
  // Whoever reads it meanwhile, such as a second build, sees the old file or the new one.
  const unfinished = `${target}.${process.pid}`;
  await writeFile(unfinished, module + lastLine(module));
  await rename(unfinished, target);
  console.error(`${folder}: ${bytes.length} bytes of WebAssembly`);
}

/** Shows that a module was written to its end, and not changed since. */
function lastLine(module) {
  return `// ${createHash('sha256').update(module).digest('hex')}\n`;
}

function isWhole(text) {
  const end = text.lastIndexOf('// ');
  return end >= 0 && text.slice(end) === lastLine(text.slice(0, end));
}

async function compile(folder) {
  let bytes;
  const { error, stderr } = await asc.main([join(folder, 'index.ts'), '--outFile', 'kernels.wasm', ...options], {
    readFile: (name, base) => readFile(join(root, base, name), 'utf8').catch(() => null),
    writeFile: (_name, contents) => void (bytes = contents),
    listFiles: (name, base) => readdir(join(root, base, name)).catch(() => null),
  });
  if (error || !bytes) throw new Error(`${folder}: ${stderr.toString() || error}`);
  return bytes;
}

async function digestOf(folder) {
  const hash = createHash('sha256').update(JSON.stringify([options, asc.version]));
  const names = (await readdir(join(root, folder))).filter((name) => name.endsWith('.ts')).sort();
  for (const name of names) hash.update(`${name}\n`).update(await readFile(join(root, folder, name)));
  return hash.digest('hex').slice(0, 16);
}
