import { hostReports, type HostReport } from '../inventory/report';
import { InventoryError } from '../inventory/problems';
import { type Check, check, missing, ok, warning } from './check';

/** Hosts of the inventory that do not answer. Without an inventory there is one local engine, which has a check of its own. */
export function hostsAnswer(root?: string): Promise<Check> {
  return check('hosts', async () => {
    let hosts: HostReport[];
    try {
      hosts = await hostReports({ root });
    } catch (error) {
      if (!(error instanceof InventoryError)) throw error;
      return missing(error.inWords, 'Mend the inventory; workers go on with what they read before. docs/hosts.md has every setting.');
    }
    const silent = hosts.filter(({ answers, name }) => !answers && name !== 'local');
    const odd = hosts.flatMap(({ name, complaints }) => complaints.map((each) => `${name}: ${each}`));
    if (silent.length > 0)
      return missing(
        silent.map(({ name, problem }) => `${name} does not answer: ${problem ?? 'silent'}`).join('; '),
        'Its members are not started, and with async durability not proven fenced, until it answers. `npx drydock host check` tells more.',
      );
    if (odd.length > 0) return warning(odd.join('; '), '`npx drydock host check` tells more.');
    const answering = hosts.filter(({ answers }) => answers).map(({ name }) => name);
    return ok(answering.length > 0 ? answering.join(', ') : 'no inventory');
  });
}
