import { at, difference, each, type Check } from './check';

export const events: Check = ({ primary, replicas }) => [
  ...each(
    replicas,
    ({ view }) => view?.settings?.eventScheduler === true,
    (member) =>
      difference(
        'changed',
        at(member, 'event_scheduler'),
        'event_scheduler is ON on a replica',
        'drydock switches it off; it is switched on at promotion',
      ),
  ),
  ...each(
    primary ? [primary] : [],
    ({ view, settings }) => view?.settings?.eventScheduler === false && settings['event_scheduler'] !== 'DISABLED',
    (member) =>
      member.enabledEvents > 0
        ? difference(
            'refused',
            at(member, 'event_scheduler'),
            `event_scheduler is OFF on the primary, and ${member.enabledEvents} events are enabled, which would begin to run`,
            'ALTER EVENT ... DISABLE those, or SET GLOBAL event_scheduler=ON',
          )
        : difference(
            'changed',
            at(member, 'event_scheduler'),
            'event_scheduler is OFF on the primary',
            'drydock switches it on; there are no events',
          ),
  ),
  ...each(
    primary ? [primary] : [],
    ({ sleepingEvents }) => sleepingEvents > 0,
    (member) =>
      difference(
        'refused',
        at(member, 'events'),
        `${member.sleepingEvents} events of the primary were made on another member and do not run here; drydock would enable them`,
        'ALTER EVENT ... ENABLE or DISABLE each of them',
      ),
  ),
  ...each(
    [...replicas, ...(primary ? [primary] : [])],
    ({ settings }) => settings['event_scheduler'] === 'DISABLED',
    (member) =>
      difference(
        'refused',
        at(member, 'event_scheduler'),
        'event_scheduler is DISABLED and can not be switched',
        'start it with event_scheduler=OFF',
      ),
  ),
];
