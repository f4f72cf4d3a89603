export { errantBeyond, errantOf, observeCluster, primaryByJournal } from './cluster';
export { executedSets, observeMember, type ObserveOptions, observeSession, type Sight } from './member';
