/** Every workflow type by its name, and the handler of all other names. Temporal's bundle is made from this file. */
export { hold } from './hold';
export { default } from './unknown';
