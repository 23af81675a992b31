export * from './channels';
export * from './convolution';
