// Closes the CI log: checks what the demo promises, then counts the tests that ran.
import { readFileSync } from 'node:fs';

const [testResults, demoSummary] = process.argv.slice(2).map((path) => JSON.parse(readFileSync(path, 'utf8')));

const promises = {
  'C simulation reaches 98.5 %': demoSummary.accuracy.csim >= 0.985,
  'all 10,000 test images': demoSummary.images === 10_000,
  'no mismatch': demoSummary.mismatches === 0,
  'training graph = executor': demoSummary.trainedVersusInteger === 0,
  'binary points were learned': demoSummary.binaryPointsMoved > 0,
};
const broken = Object.keys(promises).filter((promise) => !promises[promise]);
for (const promise of broken) console.error(`demo: broken promise: ${promise}`);

const { numPassedTests: passed, numFailedTests: failed, numPendingTests: skipped } = testResults;
console.log(`${passed} passed, ${failed + broken.length} failed, ${skipped} skipped`);
process.exitCode = failed + broken.length > 0 || passed === 0 ? 1 : 0;
