/** A file to be put into a container. */
export interface ContainerFile {
  /** Absolute path in the container. */
  path: string;
  content: string;
  mode: number;
  /** User and group id that own it; root when not given. */
  owner?: number;
}

const block = 512;

const octal = (value: number, width: number): string => `${value.toString(8).padStart(width - 1, '0')}\0`;

function header(name: string, options: { size: number; mode: number; owner: number; type: '0' | '5' }): Buffer {
  if (Buffer.byteLength(name) > 100) throw new RangeError(`a path in an archive has at most 100 bytes, found ${name}`);
  const bytes = Buffer.alloc(block);
  const put = (text: string, at: number) => bytes.write(text, at, 'utf8');
  put(name, 0);
  put(octal(options.mode, 8), 100);
  put(octal(options.owner, 8), 108);
  put(octal(options.owner, 8), 116);
  put(octal(options.size, 12), 124);
  put(octal(Math.floor(Date.now() / 1000), 12), 136);
  put('        ', 148);
  put(options.type, 156);
  put('ustar\0' + '00', 257);
  let sum = 0;
  for (const byte of bytes) sum += byte;
  put(`${sum.toString(8).padStart(6, '0')}\0 `, 148);
  return bytes;
}

/**
 * A tar archive (ustar) for the engine's archive call: how secrets and configuration come into a container without ever being
 * in its environment, labels or command line. Folders on the way are made with mode 0755.
 */
export function tarOf(files: ContainerFile[]): Buffer {
  const parts: Buffer[] = [];
  const folders = new Set<string>();
  for (const file of files) {
    const names = file.path.split('/').filter(Boolean);
    for (let depth = 1; depth < names.length; depth++) {
      const folder = `${names.slice(0, depth).join('/')}/`;
      if (folders.has(folder)) continue;
      folders.add(folder);
      parts.push(header(folder, { size: 0, mode: 0o755, owner: 0, type: '5' }));
    }
    const content = Buffer.from(file.content);
    parts.push(header(names.join('/'), { size: content.length, mode: file.mode, owner: file.owner ?? 0, type: '0' }), content);
    parts.push(Buffer.alloc((block - (content.length % block)) % block));
  }
  return Buffer.concat([...parts, Buffer.alloc(2 * block)]);
}
