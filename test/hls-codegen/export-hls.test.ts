import { mkdir, readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { exportHls } from '../../src/hls-codegen/index.js';
import { packageRoot, packageVersion } from '../../src/package-root.js';
import { loadGraph, saveGraph } from '../../src/qfx/index.js';
import { findCompiler, requireOracle } from '../support/oracles.js';
import { compileAndRun, readDescription, readFolder, temporaryFolder } from './support/project.js';
import { renamed, smallGraph } from './support/small-graphs.js';

async function exported(graph = smallGraph(), options: Partial<Parameters<typeof exportHls>[1]> = {}): Promise<string> {
  const folder = join(await temporaryFolder(), 'project');
  await exportHls(graph, { out: folder, vectors: 3, ...options });
  return folder;
}

const text = (folder: string, path: string) => readFile(join(folder, path), 'utf8');

describe('exportHls', () => {
  it('writes the same bytes for the same graph, as object and as file', async () => {
    const first = await readFolder(await exported());
    const second = join(await temporaryFolder(), 'elsewhere', 'other name');
    const result = await exportHls(saveGraph(smallGraph()), { out: second, vectors: 3 });
    expect(await readFolder(second)).toEqual(first);
    expect(result).toEqual({ folder: second, top: 'qfx_small', files: first.size });
  });

  it('names no folder of this machine and no date', async () => {
    const folder = await exported();
    for (const [path, bytes] of await readFolder(folder)) {
      expect(bytes.includes(folder) || bytes.includes(packageRoot()), path).toBe(false);
      expect(bytes.includes(String(new Date().getFullYear())), path).toBe(false);
    }
  });

  it('carries the graph, the plan and the description', async () => {
    const folder = await exported();
    expect(saveGraph(loadGraph(await readFile(join(folder, 'graph.safetensors'))).graph)).toEqual(
      saveGraph(smallGraph()),
    );
    const plan = JSON.parse(await text(folder, 'hardware.json')) as Record<string, unknown>;
    expect(plan).toMatchObject({ board: 'ultra96', part: 'xczu3eg-sbva484-1-i' });
    const description = await readDescription(folder);
    expect(description).toMatchObject({
      top: 'qfx_small',
      part: plan.part,
      clockPeriodNs: plan.clockPeriodNs,
      vectors: { count: 3 },
      input: { port: 'data_in', layer: 0, slotBits: 8 },
      outputs: [{ port: 'data_out', layer: 4 }],
    });
    expect(description.layers.map(({ identifier, valuesPerImage }) => [identifier, valuesPerImage])).toEqual([
      ['l0_image', 12],
      ['l1_conv1', 12],
      ['l2_relu1', 12],
      ['l3_flat', 12],
      ['l4_classes', 2],
    ]);
    const files = await readFolder(folder);
    const listed = [...description.files.sources, description.files.testbench, description.files.topHeader];
    expect(listed.filter((path) => !files.has(path))).toEqual([]);
  });

  it('replaces an older project as a whole', async () => {
    const folder = await exported();
    await writeFile(join(folder, 'src', 'stale.cpp'), '');
    await exportHls(smallGraph(), { out: folder, vectors: 2 });
    expect(await readdir(join(folder, 'src'))).not.toContain('stale.cpp');
    expect((await readDescription(folder)).vectors.count).toBe(2);
    expect(await readdir(join(folder, '..'))).toEqual(['project']);
  });

  it.each([
    ['vectors: 0', { vectors: 0 }, /vectors: 0, allowed: whole numbers from 1/],
    ['vectors: 1.5', { vectors: 1.5 }, /vectors: 1.5/],
    ['seed: -1', { seed: -1 }, /seed: -1, allowed: whole numbers from 0/],
    ['an unknown board', { board: 'ultra69' }, /board "ultra69": there is no such board.*known: .*ultra96/],
    ['a plan that is not there', { plan: 'nowhere/hardware.json' }, /nowhere\/hardware.json: cannot be read/],
  ])('refuses %s and leaves nothing', async (_, options, message) => {
    const parent = await temporaryFolder();
    const out = join(parent, 'a', 'b');
    await expect(exportHls(smallGraph(), { out, ...options })).rejects.toThrow(message);
    expect(await readdir(parent)).toEqual([]);
  });

  it('refuses bytes that are no graph, naming the file, and leaves nothing', async () => {
    const parent = await temporaryFolder();
    const bytes = saveGraph(smallGraph()).slice(0, -1);
    const options = { out: join(parent, 'out'), source: 'broken.safetensors' };
    await expect(exportHls(bytes, options)).rejects.toThrow(/^broken.safetensors/);
    expect(await readdir(parent)).toEqual([]);
  });
});

describe('boards and plans', () => {
  const board = {
    formatVersion: 1,
    name: 'mine',
    description: 'a board of my own',
    part: 'xc7z020clg400-1',
    clockPeriodNs: 10,
    resources: { lut: 53200, ff: 106400, dsp: 220, bram18: 280, uram: 0 },
  };

  it('takes a board from a file or its folder', async () => {
    const folder = join(await temporaryFolder(), 'boards', 'mine');
    await mkdir(folder, { recursive: true });
    await writeFile(join(folder, 'board.json'), JSON.stringify(board));
    for (const path of [folder, join(folder, 'board.json')]) {
      const project = await exported(smallGraph(), { board: path });
      expect(await text(project, 'hls_options.tcl')).toContain('set qfx_part xc7z020clg400-1\n');
      expect(await text(project, 'hls_config.cfg')).toContain('part=xc7z020clg400-1\n\n[hls]\nclock=10ns\n');
    }
  });

  it('builds from a plan, and refuses one for another board', async () => {
    const first = await exported();
    const file = join(first, 'hardware.json');
    const plan = JSON.parse(await readFile(file, 'utf8')) as {
      layers: Record<string, object>;
      streams: Record<string, object>;
    };
    plan.layers.conv1 = { inputLanes: 1, outputLanes: 1 };
    plan.streams['image->conv1'] = { depth: 99 };
    await writeFile(file, JSON.stringify(plan));
    const project = await exported(smallGraph(), { plan: file });
    expect(await text(project, 'src/layers/l1_conv1.cpp')).toContain('input_lanes = 1, output_lanes = 1;');
    expect(await text(project, 'src/qfx_small.cpp')).toContain('variable=l0_image_out depth=99\n');
    await expect(exported(renamed('other', ['a', 'b', 'c', 'd', 'e']), { plan: file })).rejects.toThrow(
      /"a" is missing/,
    );
    const other = join(await temporaryFolder(), 'board.json');
    await writeFile(other, JSON.stringify(board));
    await expect(exported(smallGraph(), { plan: file, board: other })).rejects.toThrow(
      /is for board "ultra96", not for "mine"/,
    );
  });
});

describe('hostile names', () => {
  const hostile = [
    'constructor',
    '*/ #include "/etc/passwd"',
    '../../\\\n??/"); system("true"); //',
    `卷积 \u202e" ' $HOME $(rm) [exec ls] {} | # ; \t %s ${'x'.repeat(120)}`,
    'int',
  ];

  it('are safe in every file', async (context) => {
    const folder = await exported(renamed('y0 "*/\n', hostile));
    const files = await readFolder(folder);
    expect([...files.keys()].filter((path) => !/^[A-Za-z0-9_./-]+$/.test(path))).toEqual([]);
    for (const [path, bytes] of files) {
      if (/\.(safetensors|bin|json)$/.test(path)) continue;
      expect(bytes.toString('latin1'), path).toMatch(/^[\x20-\x7e\n\t]*$/);
      expect(bytes.toString('latin1'), path).not.toContain('passwd"');
    }
    expect((await readDescription(folder)).layers.map(({ name }) => name)).toEqual(hostile);
    const printed = await compileAndRun(folder, { compiler: requireOracle(context, findCompiler()) });
    expect(printed).toContain(' 0 mismatches');
  });
});

describe('readability', () => {
  it('writes a layer as an engineer would', async () => {
    const folder = await exported();
    expect(await text(folder, 'src/layers/l1_conv1.cpp')).toBe(`// l1_conv1: conv2d "conv1", [2, 3, 2]
// Written by QFX ${packageVersion()} from graph.safetensors and hardware.json: change those and export again.
//
//   input         l0_image [3, 4, 1], ap_ufixed<8, 0>, 1 lane
//   exact result  ap_fixed<15, 3>
//   output        [2, 3, 2], ap_fixed<8, 4, AP_RND, AP_SAT>, 2 lanes
#include "../layers.h"
#include "qfx/conv2d.h"

namespace {

struct l1_conv1_config {
  using input_t = l0_image_t;
  using weight_t = ap_fixed<6, 2>;
  using bias_t = ap_fixed<6, 2>;
  using exact_t = ap_fixed<15, 3>;
  using output_t = l1_conv1_t;
  static constexpr int input_height = 3, input_width = 4, input_channels = 1;
  static constexpr int output_height = 2, output_width = 3, output_channels = 2;
  static constexpr int kernel_height = 2, kernel_width = 2;
  static constexpr int stride_height = 1, stride_width = 1;
  static constexpr int dilation_height = 1, dilation_width = 1;
  static constexpr int padding_top = 0, padding_bottom = 0, padding_left = 0, padding_right = 0;
  static constexpr int groups = 1;
  static constexpr int input_lanes = 1, output_lanes = 2;
};

// Weights, raw integers: a row is one step, 1 x 2 (inputs x outputs).
const qfx::table_t<l1_conv1_config::weight_t> l1_conv1_weights[4][2] = {
  {1, -2}, {3, -4}, {5, -6}, {7, -8},
};

// Bias of each output channel, raw integers.
const qfx::table_t<l1_conv1_config::bias_t> l1_conv1_bias[2] = {
  31, -32,
};

}  // namespace

void l1_conv1(hls::stream<qfx::vector<l0_image_t, 1>>& input, hls::stream<qfx::vector<l1_conv1_t, 2>>& output) {
  qfx::conv2d<l1_conv1_config>(input, output, l1_conv1_weights, l1_conv1_bias);
}
`);
  });

  it('writes the dataflow as an engineer would', async () => {
    const top = await text(await exported(), 'src/qfx_small.cpp');
    expect(top).toContain(`
  // l1_conv1: conv2d "conv1", [2, 3, 2] of ap_fixed<8, 4, AP_RND, AP_SAT>
  hls::stream<qfx::vector<l1_conv1_t, 2>> l1_conv1_out("l1_conv1_out");
#pragma HLS STREAM variable=l1_conv1_out depth=2
  l1_conv1(l0_image_out, l1_conv1_out);
  QFX_TAP(1, l1_conv1_out, 6);
`);
  });
});
