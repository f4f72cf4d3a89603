/** Every workflow type by its name, and the handler of all other names. Temporal's bundle is made from this file. */
export { createCluster } from './cluster/create';
export { deleteCluster } from './cluster/delete';
export { guardCluster } from './guard/guard';
export { hold } from './hold';
export { pivot } from './pivot/pivot';
export { proof } from './pivot/proof';
export { default } from './unknown';
