#!/usr/bin/env node
import { hideBin } from 'yargs/helpers';
import { packageVersion } from '../package-root.js';
import { adders } from './adders.js';
import { exitStatus, helpOf, register, reportFailure } from './command.js';
import { csim } from './csim.js';
import { demo } from './demo.js';
import { diagnose } from './diagnose.js';
import { diff } from './diff.js';
import { doctor } from './doctor.js';
import { evaluate } from './eval.js';
import { exportHls } from './export-hls.js';
import { init } from './init.js';
import { inspect } from './inspect.js';
import { createParser } from './parser.js';
import { quantize } from './quantize.js';
import { setup } from './setup.js';
import { sweep } from './sweep.js';
import { train } from './train.js';

const parser = createParser(hideBin(process.argv))
  .scriptName('qfx')
  .usage('$0 <command>\n\nTrains neural networks in fixed point and exports bit-exact Vitis HLS C++.')
  .version(packageVersion())
  .parserConfiguration({ 'duplicate-arguments-array': false }) // of an option given twice, the last one counts
  .strict()
  .demandCommand(1, 'Name a command.')
  .recommendCommands()
  .help()
  .alias('help', 'h');

for (const stream of [process.stdout, process.stderr]) stream.on('error', endWithoutReader);

// In the order of the help.
const names = [
  register(parser, train),
  register(parser, quantize),
  register(parser, sweep),
  register(parser, exportHls),
  register(parser, csim),
  register(parser, evaluate),
  register(parser, inspect),
  register(parser, diagnose),
  register(parser, diff),
  register(parser, adders),
  register(parser, init),
  register(parser, setup),
  register(parser, doctor),
  register(parser, demo),
];

try {
  await parser.parseAsync();
} catch (error) {
  const typed = hideBin(process.argv);
  reportFailure(error, typed.includes('--json'), { help: helpOf(typed.find((word) => names.includes(word))) });
}

/** Nobody reads on, as with `qfx inspect ... | head`: that is no failure. Output that cannot be written is one. */
function endWithoutReader(error: NodeJS.ErrnoException): never {
  if (error.code === 'EPIPE') process.exit();
  process.stderr.write(`qfx: output cannot be written: ${error.message}\n`);
  process.exit(exitStatus.failure);
}
