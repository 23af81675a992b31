import { qfxSide } from '../harness/qfx.js';
import type { Comparison, Side, Subject } from '../harness/subject.js';
import type { CompileOptions } from '../sides/compile.js';

const compiling = (options: CompileOptions): Side => qfxSide('compile.ts', options);

function compare(measured: string, state: string, reference: number): Comparison {
  return {
    subject: `compile of the ResNet-8 project and simulation of one image, ${measured}, ${state}`,
    against: `${reference} s`,
    measured,
    reference,
    unit: 's',
    direction: 'atMost',
    reach: 1,
  };
}

/** From sources to an answer. */
export const compile: Subject = {
  name: 'compile',
  sides: {
    'native compiler': compiling({ cold: true }),
    'npm compiler': compiling({ cold: true, compiler: 'npm' }),
  },
  comparisons: [compare('native compiler', 'cold', 15), compare('npm compiler', 'cold', 45)],
  isLong: true,
};

/** The same once more, when nothing has changed. */
export const recompile: Subject = {
  name: 'recompile',
  sides: {
    'native compiler': compiling({ cold: false }),
    'npm compiler': compiling({ cold: false, compiler: 'npm' }),
  },
  comparisons: [compare('native compiler', 'nothing changed', 1), compare('npm compiler', 'nothing changed', 1)],
};
