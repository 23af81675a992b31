import { QfxError } from '../qfx/errors.js';

/**
 * Checks a number of threads that somebody asks for.
 * @throws QfxError for anything but a whole number from 1 on
 */
export function checkWorkers(workers: number | undefined): void {
  if (workers === undefined || (Number.isSafeInteger(workers) && workers >= 1)) return;
  throw new QfxError('workers', `found ${String(workers)}, allowed: whole numbers from 1 on`);
}
