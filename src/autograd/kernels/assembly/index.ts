export * from './channels';
export * from './convolution';
export * from './elementwise';
export * from './pooling';
