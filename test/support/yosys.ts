import { runYosys } from '@yowasp/yosys';

/**
 * Runs Yosys on Verilog.
 * @param sources texts of the files that are read
 * @param commands what is done with them, for example `synth_xilinx -top main`
 * @returns what Yosys prints
 */
export async function yosys(sources: readonly string[], commands: readonly string[]): Promise<string> {
  const files = Object.fromEntries(sources.map((text, index) => [`${index}.v`, text]));
  const decoder = new TextDecoder();
  let printed = '';
  const write = (bytes: Uint8Array | null) => {
    if (bytes) printed += decoder.decode(bytes, { stream: true });
  };
  const script = [`read_verilog ${Object.keys(files).join(' ')}`, ...commands].join('; ');
  const running = runYosys(['-p', script], files, { stdout: write, stderr: write });
  await Promise.resolve(running).catch((cause: unknown) => {
    throw new Error(printed.split('\n').slice(-20).join('\n'), { cause });
  });
  return printed;
}
