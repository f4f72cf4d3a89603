/** `npm run images [NAME...]`: builds the images that are missing or out of date; without names, all of them. */
import { ensureEngine } from '../platform/engine';
import { messageOf } from '../platform/errors';
import { builtImages } from '../platform/image-table';
import { ensureImages } from '../platform/images';

async function main(names: string[]): Promise<void> {
  const say = (line: string): void => console.log(line);
  const engine = await ensureEngine(say);
  await ensureImages(engine, names.length > 0 ? names : builtImages, say);
}

main(process.argv.slice(2)).catch((error: unknown) => {
  console.error(messageOf(error));
  process.exitCode = 1;
});
