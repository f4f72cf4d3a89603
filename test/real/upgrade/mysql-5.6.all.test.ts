import type { UpgradeRehearsal } from '../../../schemas/upgrade';
import { asRoot, describePair, fill, leftOf, pausedRehearsal, trialOf } from './suite';

jest.setTimeout(240_000);

const pair = {
  engine: 'mysql' as const,
  from: '5.6',
  to: '8.0',
  recipes: ['logical' as const],
  zeroDates: true,
  accept: [{ check: 'ZeroDate' }],
};

describePair(pair, {}, ({ scenario }) => {
  test('people keep their accounts: passwords by their hashes, privileges, what they require and their limits', async () => {
    const cluster = await scenario().createCluster({ engine: 'mysql', version: '5.6', durability: 'async', replicas: 1, name: 'people' });
    await fill(cluster, { ...pair, zeroDates: false });
    const { primary } = await cluster.state();
    await asRoot(
      scenario(),
      cluster.member(primary).container,
      [
        "GRANT SELECT, INSERT ON app.* TO 'shop'@'10.%' IDENTIFIED BY 'not-in-use-1' WITH GRANT OPTION MAX_USER_CONNECTIONS 7",
        "GRANT SELECT (id, name) ON app.kinds TO 'reader'@'%' IDENTIFIED BY 'not-in-use-2' REQUIRE SSL",
        "GRANT PROCESS ON *.* TO 'watcher'@'localhost'",
      ].join('; '),
    );
    const hash = (
      await asRoot(scenario(), cluster.member(primary).container, "SELECT Password FROM mysql.user WHERE User = 'shop'")
    ).trim();
    const id = await pausedRehearsal(scenario(), { cluster: cluster.name, to: { version: '8.0' } });
    const { container } = await trialOf(scenario(), cluster);
    const of = (sql: string): Promise<string> => asRoot(scenario(), container, sql);
    expect(await of("SHOW GRANTS FOR 'shop'@'10.%'")).toMatch(/GRANT SELECT, INSERT ON `app`\.\* TO `shop`@`10\.%` WITH GRANT OPTION/);
    const shop = await of("SELECT plugin, authentication_string, max_user_connections FROM mysql.user WHERE user = 'shop'");
    expect(shop).toContain(hash.split(/\s/).at(-1));
    expect(shop).toMatch(/mysql_native_password.*\b7\b/);
    expect(await of("SHOW GRANTS FOR 'reader'@'%'")).toMatch(/SELECT \(`id`, `name`\) ON `app`\.`kinds`/);
    expect(await of("SELECT ssl_type FROM mysql.user WHERE user = 'reader'")).toMatch(/ANY/);
    expect(await of("SHOW GRANTS FOR 'watcher'@'localhost'")).toMatch(/GRANT PROCESS ON \*\.\*/);
    await scenario().drydock.control(id, 'abort', { by: 'test' });
    expect(await scenario().failureOf(id)).toMatchObject({ code: 'Aborted' });
    expect(await leftOf(scenario(), cluster)).toEqual([]);

    // Of the same version the files are copied; its relay log and its source come along in tables, and are forgotten there.
    const result = await scenario().run<UpgradeRehearsal>('upgrade', {
      cluster: cluster.name,
      schema: ['ALTER TABLE app.many ADD COLUMN note VARCHAR(20) NULL'],
      rehearse: true,
    });
    expect(result).toMatchObject({ plan: { seeding: { kind: 'physical' } }, rehearsal: { proof: { equal: true, unchecked: [] } } });
    await cluster.untilConverged();
    expect(await leftOf(scenario(), cluster)).toEqual([]);
  });
});
