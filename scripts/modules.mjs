/** Plain Node: sees that node_modules holds what package-lock.json names, before anything of it is imported. */
import { spawn } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';

export const checkout = resolve(dirname(fileURLToPath(import.meta.url)), '..');

/** Runs a program with our standard streams and passes signals on; resolves with its exit code. */
export function execute(program, args, options = {}) {
  const child = spawn(program, args, { cwd: checkout, stdio: 'inherit', ...options });
  const pass = (signal) => child.kill(signal);
  for (const signal of ['SIGINT', 'SIGTERM']) process.on(signal, pass);
  return new Promise((done, failed) => {
    child.on('error', failed);
    child.on('close', (code, signal) => {
      for (const name of ['SIGINT', 'SIGTERM']) process.off(name, pass);
      done(code ?? (signal ? 1 : 0));
    });
  });
}

/** Same packages in the same versions; those that another platform needs may be absent. npm writes its own list last, so an interrupted installation has none. */
function upToDate() {
  const own = join(checkout, 'node_modules', '.package-lock.json');
  if (!existsSync(own)) return false;
  const wanted = JSON.parse(readFileSync(join(checkout, 'package-lock.json'), 'utf8')).packages;
  const found = JSON.parse(readFileSync(own, 'utf8')).packages;
  return Object.entries(wanted).every(([path, { version, optional, link }]) => {
    if (path === '' || link) return true;
    return found[path] === undefined ? optional === true : found[path].version === version;
  });
}

export async function ensureModules() {
  const [major = 0, minor = 0] = process.versions.node.split('.').map(Number);
  if (major < 20 || (major === 20 && minor < 11)) {
    console.error(`drydock needs Node 20.11 or later, found ${process.versions.node}`);
    process.exit(1);
  }
  if (upToDate()) return;
  console.log('installing npm packages (npm ci)');
  const code = await execute('npm', ['ci', '--no-audit', '--no-fund']);
  if (code !== 0) process.exit(code);
}
