import { difference, type Check } from './check';

export const programs: Check = ({ examination }) =>
  examination.missingPrograms.map((program) =>
    difference(
      'refused',
      'commands',
      `there is no program ${program} in the folder commands of the worker that looked`,
      'put or link it there, on the machine of every worker, and make it executable',
    ),
  );
