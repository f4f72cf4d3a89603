import { difference, type Check } from './check';

export const temporalElsewhere: Check = ({ seen, needed }) =>
  [...new Set(seen.flatMap(({ temporalSchemas }) => temporalSchemas))].map((schema) =>
    difference(
      needed('named'),
      `schemas.${schema}`,
      'looks like the store of a Temporal server: if it is that of drydock, no pivot can begin when this cluster is lost',
      'keep the store of drydock’s Temporal on another cluster',
    ),
  );
