/** Accounts of MySQL 5.5 and 5.6 in the words of 8.0 and later, which reads neither a GRANT with a password nor one with limits. Pure. */
import { escape } from 'mysql2';

import { tokens } from '../../schemas/sql-text';

/** A row of mysql.user of 5.5 or 5.6. */
export interface OldAccount {
  user: string;
  host: string;
  /** 41 characters, or none; where a plug-in checks it, it is in `authentication`. */
  password: string;
  plugin: string;
  authentication: string;
  sslType: string;
  cipher: string;
  issuer: string;
  subject: string;
  limits: { questions: number; updates: number; connections: number; userConnections: number };
  expired: boolean;
}

const native = 'mysql_native_password';
const nativeHash = /^\*[0-9A-F]{40}$/i;

/** Undefined for one whose password the new version can't check: pre-flight has named it (AuthenticationGone). */
export function createStatement(account: OldAccount): string | undefined {
  const plugin = account.plugin === '' ? native : account.plugin;
  const hash = plugin === native && account.password !== '' ? account.password : account.authentication;
  if (plugin === native && hash !== '' && !nativeHash.test(hash)) return undefined;
  // As bytes, since other plug-ins keep what no text can.
  const as = hash === '' ? '' : plugin === native ? ` AS ${escape(hash)}` : ` AS 0x${Buffer.from(hash, 'utf8').toString('hex')}`;
  return [
    `CREATE USER IF NOT EXISTS ${escape(account.user)}@${escape(account.host)} IDENTIFIED WITH ${escape(plugin)}${as}`,
    requirement(account),
    limits(account),
    account.expired ? 'PASSWORD EXPIRE' : '',
  ]
    .filter((part) => part !== '')
    .join(' ');
}

function requirement({ sslType, cipher, issuer, subject }: OldAccount): string {
  if (sslType === 'ANY') return 'REQUIRE SSL';
  if (sslType === 'X509') return 'REQUIRE X509';
  if (sslType !== 'SPECIFIED') return '';
  const parts = [
    ['CIPHER', cipher],
    ['ISSUER', issuer],
    ['SUBJECT', subject],
  ].flatMap(([word, value = '']) => (value === '' ? [] : [`${word} ${escape(value)}`]));
  return parts.length === 0 ? '' : `REQUIRE ${parts.join(' AND ')}`;
}

function limits({ limits: { questions, updates, connections, userConnections } }: OldAccount): string {
  const parts = [
    ['MAX_QUERIES_PER_HOUR', questions],
    ['MAX_UPDATES_PER_HOUR', updates],
    ['MAX_CONNECTIONS_PER_HOUR', connections],
    ['MAX_USER_CONNECTIONS', userConnections],
  ].flatMap(([word, value]) => (Number(value) > 0 ? [`${word} ${Number(value)}`] : []));
  return parts.length === 0 ? '' : `WITH ${parts.join(' ')}`;
}

/** A line of SHOW GRANTS without what is said with CREATE USER now: password, requirement and limits end it; WITH GRANT OPTION stays. */
export function convertGrant(grant: string): string {
  const found = tokens(grant);
  const isWord = (at: number, word: string): boolean => found[at]?.kind === 'word' && found[at].text.toUpperCase() === word;
  const to = found.findLastIndex((_, at) => isWord(at, 'TO'));
  const end = found.findIndex((_, at) => at > to && (isWord(at, 'IDENTIFIED') || isWord(at, 'REQUIRE') || isWord(at, 'WITH')));
  if (to < 0 || end < 0) return grant;
  const mayGrant = found.some((_, at) => at > to && isWord(at, 'GRANT') && isWord(at + 1, 'OPTION'));
  return `${grant.slice(0, found[end]?.from).trimEnd()}${mayGrant ? ' WITH GRANT OPTION' : ''}`;
}
