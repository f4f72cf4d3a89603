import { convertGrant, createStatement, type OldAccount } from '../../../activities/mysql/convert-accounts';

const hash = '*2470C0C06DEE42FD1618BB99005ADCA2EC9D1E19';

const account = (more: Partial<OldAccount> = {}): OldAccount => ({
  user: 'shop',
  host: '10.%',
  password: hash,
  plugin: '',
  authentication: '',
  sslType: '',
  cipher: '',
  issuer: '',
  subject: '',
  limits: { questions: 0, updates: 0, connections: 0, userConnections: 0 },
  expired: false,
  ...more,
});

describe('the account', () => {
  test.each<[string, OldAccount, string | undefined]>([
    [
      'keeps its password by its hash',
      account(),
      `CREATE USER IF NOT EXISTS 'shop'@'10.%' IDENTIFIED WITH 'mysql_native_password' AS '${hash}'`,
    ],
    ['may have none', account({ password: '' }), "CREATE USER IF NOT EXISTS 'shop'@'10.%' IDENTIFIED WITH 'mysql_native_password'"],
    ['with the hash of before 4.1 can not be made', account({ password: '6f8c114b58f2ce9e' }), undefined],
    [
      'of another plug-in keeps its bytes',
      account({ password: '', plugin: 'sha256_password', authentication: '$5$ab' }),
      "CREATE USER IF NOT EXISTS 'shop'@'10.%' IDENTIFIED WITH 'sha256_password' AS 0x2435246162",
    ],
    [
      'keeps what it requires, its limits, and that its password is to be changed',
      account({
        sslType: 'SPECIFIED',
        subject: "/CN=o'x",
        limits: { questions: 5, updates: 0, connections: 0, userConnections: 2 },
        expired: true,
      }),
      `CREATE USER IF NOT EXISTS 'shop'@'10.%' IDENTIFIED WITH 'mysql_native_password' AS '${hash}' REQUIRE SUBJECT '/CN=o\\'x' ` +
        'WITH MAX_QUERIES_PER_HOUR 5 MAX_USER_CONNECTIONS 2 PASSWORD EXPIRE',
    ],
  ])('%s', (_name, given, expected) => {
    expect(createStatement(given)).toBe(expected);
  });
});

test.each([
  [`GRANT USAGE ON *.* TO 'shop'@'%' IDENTIFIED BY PASSWORD '${hash}'`, "GRANT USAGE ON *.* TO 'shop'@'%'"],
  [
    `GRANT SELECT ON *.* TO 'shop'@'%' IDENTIFIED BY PASSWORD '${hash}' REQUIRE SSL WITH GRANT OPTION MAX_QUERIES_PER_HOUR 5`,
    "GRANT SELECT ON *.* TO 'shop'@'%' WITH GRANT OPTION",
  ],
  ["GRANT SELECT ON *.* TO 'shop'@'%' REQUIRE X509 WITH MAX_USER_CONNECTIONS 2", "GRANT SELECT ON *.* TO 'shop'@'%'"],
  ["GRANT SELECT (`to`, `with`) ON `app`.`identified` TO 'to'@'%'", "GRANT SELECT (`to`, `with`) ON `app`.`identified` TO 'to'@'%'"],
  ["GRANT ALL PRIVILEGES ON `app`.* TO 'shop'@'%' WITH GRANT OPTION", "GRANT ALL PRIVILEGES ON `app`.* TO 'shop'@'%' WITH GRANT OPTION"],
])('%s', (given, expected) => {
  expect(convertGrant(given)).toBe(expected);
});
