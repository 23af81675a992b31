#!/usr/bin/env node
import yargs from 'yargs';
import { hideBin } from 'yargs/helpers';
import { packageVersion } from '../package-root.js';
import { exitStatus, register, reportFailure, UsageError } from './command.js';
import { csim } from './csim.js';
import { demo } from './demo.js';
import { doctor } from './doctor.js';
import { evaluate } from './eval.js';
import { exportHls } from './export-hls.js';
import { init } from './init.js';
import { inspect } from './inspect.js';
import { quantize } from './quantize.js';
import { setup } from './setup.js';
import { train } from './train.js';

const parser = yargs(hideBin(process.argv))
  .scriptName('qfx')
  .usage('$0 <command>\n\nTrains neural networks in fixed point and exports bit-exact Vitis HLS C++.')
  .version(packageVersion())
  .detectLocale(false) // one language: ours
  .parserConfiguration({ 'duplicate-arguments-array': false }) // of an option given twice, the last one counts
  .strict()
  .demandCommand(1, 'Name a command.')
  .recommendCommands()
  .help()
  .alias('help', 'h')
  .wrap(Math.min(110, process.stdout.columns ?? 110))
  .fail((message: string | null, error: Error | undefined) => {
    throw new UsageError(message ?? error?.message ?? 'wrong usage');
  });

for (const stream of [process.stdout, process.stderr]) stream.on('error', endWithoutReader);

register(parser, train);
register(parser, quantize);
register(parser, exportHls);
register(parser, csim);
register(parser, evaluate);
register(parser, inspect);
register(parser, init);
register(parser, setup);
register(parser, doctor);
register(parser, demo);

try {
  await parser.parseAsync();
} catch (error) {
  reportFailure(error, process.argv.includes('--json'));
}

/** Nobody reads on, as with `qfx inspect ... | head`: that is no failure. Output that cannot be written is one. */
function endWithoutReader(error: NodeJS.ErrnoException): never {
  if (error.code === 'EPIPE') process.exit();
  process.stderr.write(`qfx: output cannot be written: ${error.message}\n`);
  process.exit(exitStatus.failure);
}
