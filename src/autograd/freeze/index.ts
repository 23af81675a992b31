export { freezeBinaryPoints, freezeStatistics, searchBinaryPoints } from './fixing.js';
export { freeze } from './freeze.js';
export type { FreezeOptions } from './freeze.js';
export { quantizersOf } from './model.js';
export type { PlacedQuantizer } from './model.js';
export { settleBinaryPoints } from './settling.js';
export type { SettledBinaryPoints } from './settling.js';
export { freezeSchedule } from './schedule.js';
export type { FreezeSchedule } from './schedule.js';
