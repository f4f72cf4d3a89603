import { at, difference, each, type Check } from './check';

export const readOnlyReplicas: Check = ({ replicas, primary }) =>
  primary
    ? each(
        replicas,
        ({ view, settings }) => view?.readOnly === false || settings['super_read_only'] === 'OFF',
        (member) =>
          difference(
            'changed',
            at(member, 'read_only'),
            `read_only is ${member.settings['read_only']}${member.settings['super_read_only'] ? `, super_read_only ${member.settings['super_read_only']}` : ''}`,
            'drydock makes it read-only; whoever writes there gets an error from then on',
          ),
      )
    : [];
