/** A server's version, as SELECT VERSION() and the handshake print it: `8.0.33`, `10.11.6-MariaDB-0+deb12u1-log`. */
export interface Version {
  engine: 'mysql' | 'mariadb';
  major: number;
  minor: number;
  patch: number;
}

/** `engine` decides where the text does not tell it (a definition's `10.11`). A missing patch counts as the newest. */
export function parseVersion(text: string, engine: 'mysql' | 'mariadb' = /mariadb/i.test(text) ? 'mariadb' : 'mysql'): Version {
  const match = /^(?:5\.5\.5-(?=\d+\.\d+\.\d+-mariadb))?(\d+)\.(\d+)(?:\.(\d+))?/i.exec(text.trim());
  if (!match) throw new RangeError(`not a server version: ${text}`);
  return { engine, major: Number(match[1]), minor: Number(match[2]), patch: match[3] === undefined ? 999 : Number(match[3]) };
}

export function atLeast(version: Version, major: number, minor: number, patch = 0): boolean {
  if (version.major !== major) return version.major > major;
  if (version.minor !== minor) return version.minor > minor;
  return version.patch >= patch;
}
