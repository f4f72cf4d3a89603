/** Workflows of the tests, beside those that every operation needs. */
export { hold } from '../../../workflows/hold';
export { default } from '../../../workflows/unknown';
export { trial } from './trial';
