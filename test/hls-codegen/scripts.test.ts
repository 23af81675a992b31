import { execFile, execFileSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdir, readFile, rename, writeFile } from 'node:fs/promises';
import { delimiter, join } from 'node:path';
import { promisify } from 'node:util';
import { describe, expect, it } from 'vitest';
import { exportHls } from '../../src/hls-codegen/index.js';
import { findApTypes, findCompiler, requireOracle } from '../support/oracles.js';
import type { Oracle } from '../support/oracles.js';
import { readDescription, readFolder, temporaryFolder } from './support/project.js';
import { smallGraph, tinyGraph } from './support/small-graphs.js';

const run = promisify(execFile);

async function exported(graph = smallGraph()): Promise<string> {
  const folder = join(await temporaryFolder(), 'project');
  await exportHls(graph, { out: folder });
  return folder;
}

function findTool(name: string, missing: string): Oracle {
  const path = (process.env.PATH ?? '')
    .split(delimiter)
    .map((folder) => join(folder, name))
    .find((file) => existsSync(file));
  return path === undefined ? { name, missing } : { name, path };
}

describe('Makefile', () => {
  const findMake = () => findTool('make', 'install make');

  it('simulates without a warning, and fails on a difference', async (context) => {
    const make = requireOracle(context, findMake());
    const CXX = requireOracle(context, findCompiler());
    const folder = await exported();
    const args = ['csim', `CXX=${CXX}`, 'CXXFLAGS=-O0', '-j2'];
    const { stdout, stderr } = await run(make, args, { cwd: folder });
    expect(stdout).toContain(' 0 mismatches');
    expect(stderr).toBe('');
    const source = join(folder, 'src', 'layers', 'l1_conv1.cpp');
    await writeFile(source, (await readFile(source, 'utf8')).replace('{5, -6}', '{5, -5}'));
    const failed = run(make, args, { cwd: folder });
    await expect(failed).rejects.toMatchObject({ stderr: expect.stringContaining('"conv1"') as string });
  });

  it("simulates with AMD's headers", async (context) => {
    const make = requireOracle(context, findMake());
    const CXX = requireOracle(context, findCompiler());
    const apTypes = requireOracle(context, findApTypes());
    const args = ['csim', `CXX=${CXX}`, 'CXXFLAGS=-O0', `AP_TYPES=${apTypes}`, '-j2'];
    const { stdout, stderr } = await run(make, args, { cwd: await exported(tinyGraph) });
    expect(stdout).toContain(' 0 mismatches');
    expect(stderr).toBe('');
  });
});

describe('run_hls.tcl', () => {
  const findTcl = () => findTool('tclsh', 'install Tcl (Debian: tcl)');

  /** Runs the script with stand-ins for Vitis' commands, which print what they are called with. */
  async function calls(tclsh: string, folder: string): Promise<string[]> {
    const stubs = join(await temporaryFolder(), 'stubs.tcl');
    const commands =
      'open_project set_top add_files open_solution set_part create_clock csim_design csynth_design cosim_design export_design';
    await writeFile(
      stubs,
      `foreach name {${commands}} { proc $name args "puts \\[list $name {*}\\$args\\]" }\nsource ${join(folder, 'run_hls.tcl')}\n`,
    );
    const { stdout } = await run(tclsh, [stubs], { cwd: join(folder, '..') });
    return stdout.trim().split('\n');
  }

  it('makes a project of all sources and runs the chosen steps', async (context) => {
    const folder = await exported();
    const { files, top } = await readDescription(folder);
    const found = await calls(requireOracle(context, findTcl()), folder);
    const flags = `{-std=c++14 -Wno-unknown-pragmas -I${folder}/include -I${folder}/src}`;
    expect(found).toEqual([
      'open_project -reset hls_project',
      `set_top ${top}`,
      ...files.sources.map((path) => `add_files ${path} -cflags ${flags}`),
      `add_files -tb ${files.testbench} -cflags ${flags}`,
      'open_solution -reset solution',
      'set_part xczu3eg-sbva484-1-i',
      'create_clock -period 5 -name default',
      `csim_design -O -argv {--vectors ${folder}/testbench/vectors}`,
      'csynth_design',
    ]);
  });

  it('takes its steps from hls_options.tcl, and refuses unknown ones', async (context) => {
    const tclsh = requireOracle(context, findTcl());
    const folder = await exported();
    const options = join(folder, 'hls_options.tcl');
    const old = await readFile(options, 'utf8');
    await writeFile(options, old.replace('{csim csynth}', '{impl cosim csynth package}'));
    expect((await calls(tclsh, folder)).slice(-4)).toEqual([
      'csynth_design',
      `cosim_design -argv {--vectors ${folder}/testbench/vectors}`,
      'export_design -format ip_catalog',
      'export_design -flow impl -format ip_catalog',
    ]);
    await writeFile(options, old.replace('{csim csynth}', '{csim synth}'));
    await expect(calls(tclsh, folder)).rejects.toThrow(/unknown step "synth"/);
  });

  it('says so where a folder has a space in its name', async (context) => {
    const tclsh = requireOracle(context, findTcl());
    const folder = await exported();
    const spaced = join(folder, '..', 'a b');
    await mkdir(spaced);
    await rename(folder, join(spaced, 'project'));
    const error = (() => {
      try {
        execFileSync(tclsh, [join(spaced, 'project', 'run_hls.tcl')], { stdio: 'pipe' });
        return '';
      } catch (failure) {
        return String(failure);
      }
    })();
    expect(error).toContain('move this project out of');
  });
});

describe('hls_config.cfg', () => {
  it('lists what the project lists, and only files that are there', async () => {
    const folder = await exported();
    const { files, top } = await readDescription(folder);
    const lines = (await readFile(join(folder, 'hls_config.cfg'), 'utf8')).split('\n');
    const values = (key: string) =>
      lines.filter((line) => line.startsWith(`${key}=`)).map((line) => line.slice(key.length + 1));
    expect(values('part')).toEqual(['xczu3eg-sbva484-1-i']);
    expect(values('clock')).toEqual(['5ns']);
    expect(values('syn.top')).toEqual([top]);
    expect(values('syn.file')).toEqual(files.sources);
    expect(values('tb.file')).toEqual([files.testbench]);
    const present = [...(await readFolder(folder)).keys()];
    expect([...values('syn.file'), ...values('tb.file')].filter((path) => !present.includes(path))).toEqual([]);
  });
});

it('the simulation headers are on no path of Vitis', async () => {
  const folder = await exported();
  for (const file of ['run_hls.tcl', 'hls_options.tcl', 'hls_config.cfg']) {
    expect(await readFile(join(folder, file), 'utf8')).not.toContain('simulation');
  }
});
