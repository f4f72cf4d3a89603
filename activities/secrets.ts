import { randomBytes } from 'node:crypto';
import { link, mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';

import { failure } from './failure';
import { rememberSecret } from './redact';

/**
 * Secrets by reference (`clusters/<name>/<purpose>`). Values are files of mode 0600 below one folder that all workers of an
 * installation share. A value never leaves the process except to the server that it is for.
 */
export class SecretStore {
  constructor(readonly folder: string) {}

  /** Reads a secret. Throws SecretMissing. */
  async read(reference: string): Promise<string> {
    try {
      const value = await readFile(this.path(reference), 'utf8');
      rememberSecret(value);
      return value;
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
      throw failure(
        'SecretMissing',
        `no secret ${reference} in ${this.folder}; every worker of an installation must use the same secret store (DRYDOCK_HOME)`,
      );
    }
  }

  /** Creates a random secret unless it exists (two attempts may run at once: the first one to create it wins). */
  async ensure(reference: string, make: () => string | Promise<string> = () => randomBytes(18).toString('base64url')): Promise<string> {
    const path = this.path(reference);
    await mkdir(dirname(path), { recursive: true, mode: 0o700 });
    // Written aside and linked into place, so that nobody ever reads half a secret.
    const draft = `${path}.${randomBytes(6).toString('hex')}`;
    await writeFile(draft, await make(), { mode: 0o600, flush: true });
    try {
      await link(draft, path);
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
    } finally {
      await rm(draft, { force: true });
    }
    return this.read(reference);
  }

  async remove(reference: string): Promise<void> {
    await rm(this.path(reference), { recursive: true, force: true });
  }

  /** Where people find the value: `credentials` of `cluster show`. */
  path(reference: string): string {
    return join(this.folder, ...reference.split('/').filter((part) => part !== '..' && part !== ''));
  }
}
