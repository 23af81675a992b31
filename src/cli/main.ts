#!/usr/bin/env node
import { readFileSync } from 'node:fs';
import yargs from 'yargs';
import { hideBin } from 'yargs/helpers';
import { exitStatus, register } from './command.js';
import { csim } from './csim.js';
import { demo } from './demo.js';
import { doctor } from './doctor.js';
import { evaluate } from './eval.js';
import { exportHls } from './export-hls.js';
import { init } from './init.js';
import { inspect } from './inspect.js';
import { train } from './train.js';

const { version } = JSON.parse(readFileSync(new URL('../../package.json', import.meta.url), 'utf8')) as {
  version: string;
};

const parser = yargs(hideBin(process.argv))
  .scriptName('qfx')
  .usage('$0 <command>\n\nTrains neural networks in fixed point and exports bit-exact Vitis HLS C++.')
  .version(version)
  .strict()
  .demandCommand(1, 'Name a command.')
  .recommendCommands()
  .help()
  .alias('help', 'h')
  .wrap(Math.min(110, process.stdout.columns ?? 110))
  .fail((message, error) => {
    process.stderr.write(`qfx: ${message ?? error.message}\nTry: qfx --help\n`);
    process.exit(exitStatus.usage);
  });

register(parser, train);
register(parser, exportHls);
register(parser, csim);
register(parser, evaluate);
register(parser, inspect);
register(parser, init);
register(parser, doctor);
register(parser, demo);

await parser.parseAsync();
