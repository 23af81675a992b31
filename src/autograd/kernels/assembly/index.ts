export * from './channels';
export * from './cast';
