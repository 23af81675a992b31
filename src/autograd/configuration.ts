export { parseConfiguration } from '../parse-configuration.js';
