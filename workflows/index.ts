/** Every workflow type by its name, and the handler of all other names. Temporal's bundle is made from this file. */
export { hold } from './hold';
export { pivot } from './pivot/pivot';
export { proof } from './pivot/proof';
export { default } from './unknown';
