<?xml version="1.0" encoding="utf-8"?>
<!DOCTYPE TS>
<TS version="2.1" language="xx" sourcelanguage="en">
 <context>
  <name>LulcPlugin</name>
  <message>
   <source>Scenes</source>
   <extracomment>Train segmenter</extracomment>
   <translation type="unfinished" />
  </message>
  <message>
   <source>One or several rasters to learn from; several must have the same bands.</source>
   <extracomment>Train segmenter</extracomment>
   <translation type="unfinished" />
  </message>
  <message>
   <source>Labels</source>
   <extracomment>Train segmenter</extracomment>
   <translation type="unfinished" />
  </message>
  <message>
   <source>Polygons, points or a label raster.</source>
   <extracomment>Train segmenter</extracomment>
   <translation type="unfinished" />
  </message>
  <message>
   <source>Class field</source>
   <extracomment>Train segmenter</extracomment>
   <translation type="unfinished" />
  </message>
  <message>
   <source>Field of vector labels that holds the class, as a number or a name.</source>
   <extracomment>Train segmenter</extracomment>
   <translation type="unfinished" />
  </message>
  <message>
   <source>Class name field</source>
   <extracomment>Train segmenter</extracomment>
   <translation type="unfinished" />
  </message>
  <message>
   <source>Field that holds the class names where CLASS_FIELD holds ids.</source>
   <extracomment>Train segmenter</extracomment>
   <translation type="unfinished" />
  </message>
  <message>
   <source>Selected features only</source>
   <extracomment>Train segmenter</extracomment>
   <translation type="unfinished" />
  </message>
  <message>
   <source>Only the features that are selected in the project count, where LABELS is a vector layer.</source>
   <extracomment>Train segmenter</extracomment>
   <translation type="unfinished" />
  </message>
  <message>
   <source>Classes</source>
   <extracomment>class_table.py</extracomment>
   <translation type="unfinished" />
  </message>
  <message>
   <source>Names and colours of classes: JSON rows of id, name and color (#rrggbb), or a JSON file of them (full path). What is left out stays as the labels have it.</source>
   <extracomment>Train segmenter</extracomment>
   <translation type="unfinished" />
  </message>
  <message>
   <source>Test labels</source>
   <extracomment>Train segmenter</extracomment>
   <translation type="unfinished" />
  </message>
  <message>
   <source>Labels of the same kind, kept apart for the final test.</source>
   <extracomment>Train segmenter</extracomment>
   <translation type="unfinished" />
  </message>
  <message>
   <source>Bands (numbers, names or roles)</source>
   <extracomment>Train segmenter</extracomment>
   <translation type="unfinished" />
  </message>
  <message>
   <source>Bands to use, in this order: 1-based numbers, descriptions or roles such as red, nir, or a set: rgb, cir, all, or a sum: rgb+nir, rgb+swir, red+nir. Default: all but alpha.</source>
   <extracomment>Train segmenter</extracomment>
   <translation type="unfinished" />
  </message>
  <message>
   <source>Names or roles of all bands, in order</source>
   <extracomment>Train segmenter</extracomment>
   <translation type="unfinished" />
  </message>
  <message>
   <source>Roles or descriptions of all bands of the scene, in order, where the file has none.</source>
   <extracomment>Train segmenter</extracomment>
   <translation type="unfinished" />
  </message>
  <message>
   <source>Scale to reflectance</source>
   <extracomment>Train segmenter</extracomment>
   <translation type="unfinished" />
  </message>
  <message>
   <source>Reflectance = value * SCALE + OFFSET. Default: from the file's tags, name and values.</source>
   <extracomment>Train segmenter</extracomment>
   <translation type="unfinished" />
  </message>
  <message>
   <source>Offset to reflectance</source>
   <extracomment>Train segmenter</extracomment>
   <translation type="unfinished" />
  </message>
  <message>
   <source>See SCALE. Sentinel-2 since 2022: -0.1 with scale 0.0001.</source>
   <extracomment>Train segmenter</extracomment>
   <translation type="unfinished" />
  </message>
  <message>
   <source>Masks</source>
   <extracomment>Train segmenter</extracomment>
   <translation type="unfinished" />
  </message>
  <message>
   <source>Rasters whose pixels exclude pixels of the scene (cloud, snow, Sentinel-2 SCL): one for all scenes or one per scene, on any grid.</source>
   <extracomment>Train segmenter</extracomment>
   <translation type="unfinished" />
  </message>
  <message>
   <source>Values of the mask to exclude</source>
   <extracomment>Train segmenter</extracomment>
   <translation type="unfinished" />
  </message>
  <message>
   <source>Values of MASK that exclude a pixel. Default: every value other than 0, and for a raster that is recognised as Sentinel-2 SCL 0, 1, 3, 8, 9, 10 and 11.</source>
   <extracomment>Train segmenter</extracomment>
   <translation type="unfinished" />
  </message>
  <message>
   <source>Value that means no label</source>
   <extracomment>Train segmenter</extracomment>
   <translation type="unfinished" />
  </message>
  <message>
   <source>Value of a label raster that means no label; 'none' keeps every value. Default: the raster's nodata value, else 0.</source>
   <extracomment>Train segmenter</extracomment>
   <translation type="unfinished" />
  </message>
  <message>
   <source>Share for validation</source>
   <extracomment>Train segmenter</extracomment>
   <translation type="unfinished" />
  </message>
  <message>
   <source>Share of polygons or blocks held back for validation.</source>
   <extracomment>Train segmenter</extracomment>
   <translation type="unfinished" />
  </message>
  <message>
   <source>Share for the test</source>
   <extracomment>Train segmenter</extracomment>
   <translation type="unfinished" />
  </message>
  <message>
   <source>Share of polygons or blocks held back for an untouched test; 0 holds none back. Default: 0.2 where every class has 5 polygons or blocks, else none.</source>
   <extracomment>Train segmenter</extracomment>
   <translation type="unfinished" />
  </message>
  <message>
   <source>Spectral indices to add</source>
   <extracomment>Train segmenter</extracomment>
   <translation type="unfinished" />
  </message>
  <message>
   <source>Spectral indices to add as channels. One of: ndvi, ndbi, evi, savi, ndwi.</source>
   <extracomment>Train segmenter</extracomment>
   <translation type="unfinished" />
  </message>
  <message>
   <source>Network</source>
   <extracomment>Train segmenter</extracomment>
   <translation type="unfinished" />
  </message>
  <message>
   <source>The network. One of: mobile_unet, unet, unetplusplus, fpn, deeplabv3plus, segformer.</source>
   <extracomment>Train segmenter</extracomment>
   <translation type="unfinished" />
  </message>
  <message>
   <source>Encoder (not for Mobile-UNet)</source>
   <extracomment>Train segmenter</extracomment>
   <translation type="unfinished" />
  </message>
  <message>
   <source>Encoder of the architectures other than mobile_unet.</source>
   <extracomment>Train segmenter</extracomment>
   <translation type="unfinished" />
  </message>
  <message>
   <source>Pretrained weights of the encoder</source>
   <extracomment>Train segmenter</extracomment>
   <translation type="unfinished" />
  </message>
  <message>
   <source>Pretrained encoder weights, such as imagenet (needs a network connection once).</source>
   <extracomment>Train segmenter</extracomment>
   <translation type="unfinished" />
  </message>
  <message>
   <source>Recipe (preset of the training)</source>
   <extracomment>Train segmenter</extracomment>
   <translation type="unfinished" />
  </message>
  <message>
   <source>Preset of the training: default, or the published one of the Mobile-UNet. One of: default, published.</source>
   <extracomment>Train segmenter</extracomment>
   <translation type="unfinished" />
  </message>
  <message>
   <source>Loss</source>
   <extracomment>Train segmenter</extracomment>
   <translation type="unfinished" />
  </message>
  <message>
   <source>The loss. Default: the recipe's. One of: class_focused, cross_entropy, dice, focal, lovasz.</source>
   <extracomment>Train segmenter</extracomment>
   <translation type="unfinished" />
  </message>
  <message>
   <source>Focus classes</source>
   <extracomment>Train segmenter</extracomment>
   <translation type="unfinished" />
  </message>
  <message>
   <source>Classes that the class-focused loss attends to: names or ids, separated by commas, or 'auto' for the pair most confused on validation after 5 epochs, or 'none'.</source>
   <extracomment>Train segmenter</extracomment>
   <translation type="unfinished" />
  </message>
  <message>
   <source>Loss: weight of the cross entropy</source>
   <extracomment>Train segmenter</extracomment>
   <translation type="unfinished" />
  </message>
  <message>
   <source>Weight of the cross entropy term.</source>
   <extracomment>Train segmenter</extracomment>
   <translation type="unfinished" />
  </message>
  <message>
   <source>Loss: weight of the focal term</source>
   <extracomment>Train segmenter</extracomment>
   <translation type="unfinished" />
  </message>
  <message>
   <source>Weight of the focal term.</source>
   <extracomment>Train segmenter</extracomment>
   <translation type="unfinished" />
  </message>
  <message>
   <source>Loss: weight of the Tversky term</source>
   <extracomment>Train segmenter</extracomment>
   <translation type="unfinished" />
  </message>
  <message>
   <source>Weight of the Tversky term.</source>
   <extracomment>Train segmenter</extracomment>
   <translation type="unfinished" />
  </message>
  <message>
   <source>Loss: focal gamma</source>
   <extracomment>Train segmenter</extracomment>
   <translation type="unfinished" />
  </message>
  <message>
   <source>Focusing exponent of the focal term.</source>
   <extracomment>Train segmenter</extracomment>
   <translation type="unfinished" />
  </message>
  <message>
   <source>Loss: focal alpha</source>
   <extracomment>Train segmenter</extracomment>
   <translation type="unfinished" />
  </message>
  <message>
   <source>Constant factor of the focal term.</source>
   <extracomment>Train segmenter</extracomment>
   <translation type="unfinished" />
  </message>
  <message>
   <source>Loss: Tversky alpha (false positives)</source>
   <extracomment>Train segmenter</extracomment>
   <translation type="unfinished" />
  </message>
  <message>
   <source>Weight of false positives in the Tversky term.</source>
   <extracomment>Train segmenter</extracomment>
   <translation type="unfinished" />
  </message>
  <message>
   <source>Loss: Tversky beta (false negatives)</source>
   <extracomment>Train segmenter</extracomment>
   <translation type="unfinished" />
  </message>
  <message>
   <source>Weight of false negatives in the Tversky term.</source>
   <extracomment>Train segmenter</extracomment>
   <translation type="unfinished" />
  </message>
  <message>
   <source>Loss: lowest class weight</source>
   <extracomment>Train segmenter</extracomment>
   <translation type="unfinished" />
  </message>
  <message>
   <source>Lower bound of a class weight.</source>
   <extracomment>Train segmenter</extracomment>
   <translation type="unfinished" />
  </message>
  <message>
   <source>Loss: highest class weight</source>
   <extracomment>Train segmenter</extracomment>
   <translation type="unfinished" />
  </message>
  <message>
   <source>Upper bound of a class weight.</source>
   <extracomment>Train segmenter</extracomment>
   <translation type="unfinished" />
  </message>
  <message>
   <source>Maximum number of epochs</source>
   <extracomment>Train segmenter</extracomment>
   <translation type="unfinished" />
  </message>
  <message>
   <source>Most epochs to train. Default: the recipe's.</source>
   <extracomment>Train segmenter</extracomment>
   <translation type="unfinished" />
  </message>
  <message>
   <source>Batch size</source>
   <extracomment>Train segmenter</extracomment>
   <translation type="unfinished" />
  </message>
  <message>
   <source>Windows in a batch. Default: the recipe's.</source>
   <extracomment>Train segmenter</extracomment>
   <translation type="unfinished" />
  </message>
  <message>
   <source>Window size in pixels</source>
   <extracomment>Train segmenter</extracomment>
   <translation type="unfinished" />
  </message>
  <message>
   <source>Side of a training window in pixels. Default: the recipe's.</source>
   <extracomment>Train segmenter</extracomment>
   <translation type="unfinished" />
  </message>
  <message>
   <source>Learning rate</source>
   <extracomment>Train segmenter</extracomment>
   <translation type="unfinished" />
  </message>
  <message>
   <source>Largest step by which the weights change. Default: the recipe's.</source>
   <extracomment>Train segmenter</extracomment>
   <translation type="unfinished" />
  </message>
  <message>
   <source>Patience in epochs</source>
   <extracomment>Train segmenter</extracomment>
   <translation type="unfinished" />
  </message>
  <message>
   <source>Epochs without a better validation score before training stops. Default: the recipe's.</source>
   <extracomment>Train segmenter</extracomment>
   <translation type="unfinished" />
  </message>
  <message>
   <source>Random seed</source>
   <extracomment>Train segmenter</extracomment>
   <translation type="unfinished" />
  </message>
  <message>
   <source>Seed of every random choice.</source>
   <extracomment>Train segmenter</extracomment>
   <translation type="unfinished" />
  </message>
  <message>
   <source>Compute on</source>
   <extracomment>setup_dialog.py</extracomment>
   <translation type="unfinished" />
  </message>
  <message>
   <source>Where to compute. One of: auto, cpu, cuda, mps.</source>
   <extracomment>Train segmenter</extracomment>
   <translation type="unfinished" />
  </message>
  <message>
   <source>Processor threads (0: all)</source>
   <extracomment>Train segmenter</extracomment>
   <translation type="unfinished" />
  </message>
  <message>
   <source>Processor threads; 0 uses all cores.</source>
   <extracomment>Train segmenter</extracomment>
   <translation type="unfinished" />
  </message>
  <message>
   <source>Keep the best model when cancelled</source>
   <extracomment>Train segmenter</extracomment>
   <translation type="unfinished" />
  </message>
  <message>
   <source>When cancelled, keep the best model so far (marked interrupted).</source>
   <extracomment>Train segmenter</extracomment>
   <translation type="unfinished" />
  </message>
  <message>
   <source>Resume from the run folder</source>
   <extracomment>Train segmenter</extracomment>
   <translation type="unfinished" />
  </message>
  <message>
   <source>Go on with the stopped training in RUN_FOLDER.</source>
   <extracomment>Train segmenter</extracomment>
   <translation type="unfinished" />
  </message>
  <message>
   <source>Model (*.safetensors)</source>
   <extracomment>Train segmenter</extracomment>
   <translation type="unfinished" />
  </message>
  <message>
   <source>Model</source>
   <extracomment>Train segmenter</extracomment>
   <translation type="unfinished" />
  </message>
  <message>
   <source>Model file to write (.safetensors).</source>
   <extracomment>Train segmenter</extracomment>
   <translation type="unfinished" />
  </message>
  <message>
   <source>Training report</source>
   <extracomment>Train segmenter</extracomment>
   <translation type="unfinished" />
  </message>
  <message>
   <source>HTML report to write.</source>
   <extracomment>Train segmenter</extracomment>
   <translation type="unfinished" />
  </message>
  <message>
   <source>Metrics</source>
   <extracomment>Train segmenter</extracomment>
   <translation type="unfinished" />
  </message>
  <message>
   <source>JSON file of metrics to write.</source>
   <extracomment>Train segmenter</extracomment>
   <translation type="unfinished" />
  </message>
  <message>
   <source>Table of scores</source>
   <extracomment>Train segmenter</extracomment>
   <translation type="unfinished" />
  </message>
  <message>
   <source>CSV table of per-class scores to write.</source>
   <extracomment>Train segmenter</extracomment>
   <translation type="unfinished" />
  </message>
  <message>
   <source>Run folder</source>
   <extracomment>Train segmenter</extracomment>
   <translation type="unfinished" />
  </message>
  <message>
   <source>Folder to make for everything about the run: scores by epoch, curves, predictions, report, log, checkpoints and how to repeat it.</source>
   <extracomment>Train segmenter</extracomment>
   <translation type="unfinished" />
  </message>
  <message>
   <source>Overall accuracy</source>
   <extracomment>choice_labels.py</extracomment>
   <translation type="unfinished" />
  </message>
  <message>
   <source>Kappa</source>
   <extracomment>choice_labels.py</extracomment>
   <translation type="unfinished" />
  </message>
  <message>
   <source>Mean IoU</source>
   <extracomment>choice_labels.py</extracomment>
   <translation type="unfinished" />
  </message>
  <message>
   <source>Macro F1</source>
   <extracomment>choice_labels.py</extracomment>
   <translation type="unfinished" />
  </message>
  <message>
   <source>Data that the scores are for</source>
   <extracomment>Train segmenter</extracomment>
   <translation type="unfinished" />
  </message>
  <message>
   <source>Train segmenter</source>
   <extracomment>Train segmenter</extracomment>
   <translation type="unfinished" />
  </message>
  <message>
   <source>Train</source>
   <extracomment>choice_labels.py</extracomment>
   <translation type="unfinished" />
  </message>
  <message>
   <source>Trains a network on scenes and labels; the model can then classify other scenes.</source>
   <extracomment>Train segmenter</extracomment>
   <translation type="unfinished" />
  </message>
  <message>
   <source>Field with the class</source>
   <extracomment>Train segmenter</extracomment>
   <translation type="unfinished" />
  </message>
  <message>
   <source>None: the class field holds the names</source>
   <extracomment>Train segmenter</extracomment>
   <translation type="unfinished" />
  </message>
  <message>
   <source>All</source>
   <extracomment>Train segmenter</extracomment>
   <translation type="unfinished" />
  </message>
  <message>
   <source>All: {}</source>
   <extracomment>Train segmenter</extracomment>
   <translation type="unfinished" />
  </message>
  <message>
   <source>Patches (folder or table)</source>
   <extracomment>Train patch classifier</extracomment>
   <translation type="unfinished" />
  </message>
  <message>
   <source>Patches: a folder with one sub-folder per class, a CSV or Parquet table of paths and labels, or a folder in the layout of BigEarthNet.</source>
   <extracomment>Train patch classifier</extracomment>
   <translation type="unfinished" />
  </message>
  <message>
   <source>Or scenes to cut patches from</source>
   <extracomment>Train patch classifier</extracomment>
   <translation type="unfinished" />
  </message>
  <message>
   <source>Scenes to cut patches from, instead of PATCHES (INPUT).</source>
   <extracomment>Train patch classifier</extracomment>
   <translation type="unfinished" />
  </message>
  <message>
   <source>Labels on the scenes</source>
   <extracomment>Train patch classifier</extracomment>
   <translation type="unfinished" />
  </message>
  <message>
   <source>Polygons, points or a label raster that lie on the scenes.</source>
   <extracomment>Train patch classifier</extracomment>
   <translation type="unfinished" />
  </message>
  <message>
   <source>Patch size in pixels (5 on scenes)</source>
   <extracomment>Train patch classifier</extracomment>
   <translation type="unfinished" />
  </message>
  <message>
   <source>Side of a patch in pixels. Default: 5 for scenes, else that of most patches.</source>
   <extracomment>Train patch classifier</extracomment>
   <translation type="unfinished" />
  </message>
  <message>
   <source>The network: pixelnet or dcnn5 for windows of a few pixels; spectralnet, small_resnet, resnet18, resnet50, vgg16, vgg19, densenet121, swin, vit, wide_resnet50_2, efficientnet_b0 or any other name of timm. Default: pixelnet up to 15 px, else spectralnet; dcnn5 with the published recipe.</source>
   <extracomment>Train patch classifier</extracomment>
   <translation type="unfinished" />
  </message>
  <message>
   <source>Patches as a numpy file</source>
   <extracomment>Train patch classifier</extracomment>
   <translation type="unfinished" />
  </message>
  <message>
   <source>Patches as a numpy file (N, H, W, C).</source>
   <extracomment>Train patch classifier</extracomment>
   <translation type="unfinished" />
  </message>
  <message>
   <source>Classes of the numpy patches</source>
   <extracomment>Train patch classifier</extracomment>
   <translation type="unfinished" />
  </message>
  <message>
   <source>Labels of FEATURES as a numpy file: class ids (N), or 0/1 (N, K) for several classes per patch.</source>
   <extracomment>Train patch classifier</extracomment>
   <translation type="unfinished" />
  </message>
  <message>
   <source>Names of the numpy classes, in order</source>
   <extracomment>Train patch classifier</extracomment>
   <translation type="unfinished" />
  </message>
  <message>
   <source>Names of the classes of TARGETS, in the order of the ids or columns.</source>
   <extracomment>Train patch classifier</extracomment>
   <translation type="unfinished" />
  </message>
  <message>
   <source>The numpy classes are one-hot</source>
   <extracomment>Train patch classifier</extracomment>
   <translation type="unfinished" />
  </message>
  <message>
   <source>TARGETS (N, K) are one-hot: each patch has one class.</source>
   <extracomment>Train patch classifier</extracomment>
   <translation type="unfinished" />
  </message>
  <message>
   <source>Patches have several classes</source>
   <extracomment>Train patch classifier</extracomment>
   <translation type="unfinished" />
  </message>
  <message>
   <source>A patch may have several classes. Default: as the labels show.</source>
   <extracomment>Train patch classifier</extracomment>
   <translation type="unfinished" />
  </message>
  <message>
   <source>Most patches of a class cut from scenes</source>
   <extracomment>Train patch classifier</extracomment>
   <translation type="unfinished" />
  </message>
  <message>
   <source>Most patches of a class that are cut from scenes, drawn at random.</source>
   <extracomment>Train patch classifier</extracomment>
   <translation type="unfinished" />
  </message>
  <message>
   <source>Resampling of coarser bands (BigEarthNet)</source>
   <extracomment>Train patch classifier</extracomment>
   <translation type="unfinished" />
  </message>
  <message>
   <source>How bands of a coarser resolution are brought to the finest (BigEarthNet). One of: cubic, nearest, bilinear, cubic_spline, lanczos, average.</source>
   <extracomment>Train patch classifier</extracomment>
   <translation type="unfinished" />
  </message>
  <message>
   <source>Share of the patches to use</source>
   <extracomment>Train patch classifier</extracomment>
   <translation type="unfinished" />
  </message>
  <message>
   <source>Share of the patches of each class to use.</source>
   <extracomment>Train patch classifier</extracomment>
   <translation type="unfinished" />
  </message>
  <message>
   <source>How patches from files are divided</source>
   <extracomment>Train patch classifier</extracomment>
   <translation type="unfinished" />
  </message>
  <message>
   <source>How patches without a split of their own are divided: at random, or each class into contiguous parts in the order of the file (neighbours stay together). One of: random, contiguous.</source>
   <extracomment>Train patch classifier</extracomment>
   <translation type="unfinished" />
  </message>
  <message>
   <source>Share of patches, polygons or blocks held back for validation.</source>
   <extracomment>Train patch classifier</extracomment>
   <translation type="unfinished" />
  </message>
  <message>
   <source>Share of patches, polygons or blocks held back for an untouched test; 0 holds none back. Default: 0.2, or what the data's own split says; of scenes, 0.2 where every class has 5 polygons or blocks, else none.</source>
   <extracomment>Train patch classifier</extracomment>
   <translation type="unfinished" />
  </message>
  <message>
   <source>Reflectances of the 8-bit values 0 and 255</source>
   <extracomment>Train patch classifier</extracomment>
   <translation type="unfinished" />
  </message>
  <message>
   <source>For patches of 8 bits: the reflectance that the values 0 and 255 stand for, such as 0,0.3; scenes in reflectance are then stretched the same way.</source>
   <extracomment>Train patch classifier</extracomment>
   <translation type="unfinished" />
  </message>
  <message>
   <source>Pretrained weights</source>
   <extracomment>Train patch classifier</extracomment>
   <translation type="unfinished" />
  </message>
  <message>
   <source>Pretrained weights of a timm architecture: none, or imagenet (needs a network connection once). One of: none, imagenet.</source>
   <extracomment>Train patch classifier</extracomment>
   <translation type="unfinished" />
  </message>
  <message>
   <source>Model to start from</source>
   <extracomment>Train patch classifier</extracomment>
   <translation type="unfinished" />
  </message>
  <message>
   <source>Model file to start from: a patch classifier of the same network and bands, trained earlier or on other patches. Other classes get a new head.</source>
   <extracomment>Train patch classifier</extracomment>
   <translation type="unfinished" />
  </message>
  <message>
   <source>Epochs in which only the head learns</source>
   <extracomment>Train patch classifier</extracomment>
   <translation type="unfinished" />
  </message>
  <message>
   <source>Epochs in which only the head learns; then all weights do, at a lower rate.</source>
   <extracomment>Train patch classifier</extracomment>
   <translation type="unfinished" />
  </message>
  <message>
   <source>Resize patches to this size in pixels</source>
   <extracomment>Train patch classifier</extracomment>
   <translation type="unfinished" />
  </message>
  <message>
   <source>Resize patches to this side before the network. Default: not at all.</source>
   <extracomment>Train patch classifier</extracomment>
   <translation type="unfinished" />
  </message>
  <message>
   <source>Preset of the training: default, or the published one of the 5x5 DCNN. One of: default, published.</source>
   <extracomment>Train patch classifier</extracomment>
   <translation type="unfinished" />
  </message>
  <message>
   <source>The loss. Default: cross_entropy, or focal_bce for several classes per patch. One of: cross_entropy, binary_cross_entropy, focal_bce, asymmetric, soft_f1.</source>
   <extracomment>Train patch classifier</extracomment>
   <translation type="unfinished" />
  </message>
  <message>
   <source>Label smoothing</source>
   <extracomment>Train patch classifier</extracomment>
   <translation type="unfinished" />
  </message>
  <message>
   <source>Share of each label that is spread over the other classes. Default: the recipe's.</source>
   <extracomment>Train patch classifier</extracomment>
   <translation type="unfinished" />
  </message>
  <message>
   <source>Class weights</source>
   <extracomment>Train patch classifier</extracomment>
   <translation type="unfinished" />
  </message>
  <message>
   <source>Weigh classes by their rarity. One of: none, balanced.</source>
   <extracomment>Train patch classifier</extracomment>
   <translation type="unfinished" />
  </message>
  <message>
   <source>Share of batches with mixup</source>
   <extracomment>Train patch classifier</extracomment>
   <translation type="unfinished" />
  </message>
  <message>
   <source>Share of batches in which patches are blended in pairs. Default: the recipe's.</source>
   <extracomment>Train patch classifier</extracomment>
   <translation type="unfinished" />
  </message>
  <message>
   <source>Share of batches with cutmix</source>
   <extracomment>Train patch classifier</extracomment>
   <translation type="unfinished" />
  </message>
  <message>
   <source>Share of batches in which parts of other patches are pasted. Default: the recipe's.</source>
   <extracomment>Train patch classifier</extracomment>
   <translation type="unfinished" />
  </message>
  <message>
   <source>Random change of scale, as a share</source>
   <extracomment>Train patch classifier</extracomment>
   <translation type="unfinished" />
  </message>
  <message>
   <source>Half of the patches are enlarged or shrunk by up to this share (64 px and more gain from 0.2). Default: the recipe's.</source>
   <extracomment>Train patch classifier</extracomment>
   <translation type="unfinished" />
  </message>
  <message>
   <source>Patches in a batch. Default: the recipe's.</source>
   <extracomment>Train patch classifier</extracomment>
   <translation type="unfinished" />
  </message>
  <message>
   <source>Schedule of the learning rate</source>
   <extracomment>Train patch classifier</extracomment>
   <translation type="unfinished" />
  </message>
  <message>
   <source>How the learning rate goes on: it rises and falls once, falls where the validation score rises no longer, or stays. Default: the recipe's. One of: one_cycle, plateau, constant.</source>
   <extracomment>Train patch classifier</extracomment>
   <translation type="unfinished" />
  </message>
  <message>
   <source>Score that names the best epoch</source>
   <extracomment>Train patch classifier</extracomment>
   <translation type="unfinished" />
  </message>
  <message>
   <source>Validation score that names the best epoch. Default: macro_f1, or map for several classes per patch. One of: overall_accuracy, macro_f1, mean_iou, kappa, map.</source>
   <extracomment>Train patch classifier</extracomment>
   <translation type="unfinished" />
  </message>
  <message>
   <source>Which network to keep</source>
   <extracomment>Train patch classifier</extracomment>
   <translation type="unfinished" />
  </message>
  <message>
   <source>Which network becomes MODEL: the best by METRIC, the best by validation loss, or the last. One of: metric, loss, last.</source>
   <extracomment>Train patch classifier</extracomment>
   <translation type="unfinished" />
  </message>
  <message>
   <source>What to do</source>
   <extracomment>Train patch classifier</extracomment>
   <translation type="unfinished" />
  </message>
  <message>
   <source>Train only, train and test, or test MODEL, which is then read, on the test split. One of: train, train_test, test.</source>
   <extracomment>Train patch classifier</extracomment>
   <translation type="unfinished" />
  </message>
  <message>
   <source>Band study: sets of bands to compare</source>
   <extracomment>Train patch classifier</extracomment>
   <translation type="unfinished" />
  </message>
  <message>
   <source>Band study: train the same on each of these band sets and compare them in TABLE; MODEL is the best by validation. Each is a set of BANDS joined by +, or one of single (every band alone), rgb, cir, swir, all.</source>
   <extracomment>Train patch classifier</extracomment>
   <translation type="unfinished" />
  </message>
  <message>
   <source>Resume from checkpoints or run folder</source>
   <extracomment>Train patch classifier</extracomment>
   <translation type="unfinished" />
  </message>
  <message>
   <source>Go on from the state in CHECKPOINTS or RUN_FOLDER.</source>
   <extracomment>Train patch classifier</extracomment>
   <translation type="unfinished" />
  </message>
  <message>
   <source>Predictions of the test</source>
   <extracomment>Train patch classifier</extracomment>
   <translation type="unfinished" />
  </message>
  <message>
   <source>File of the test split's predictions to write (.npz).</source>
   <extracomment>Train patch classifier</extracomment>
   <translation type="unfinished" />
  </message>
  <message>
   <source>Checkpoints</source>
   <extracomment>Train patch classifier</extracomment>
   <translation type="unfinished" />
  </message>
  <message>
   <source>Folder for best_metric, best_loss and last model files and the state to resume from.</source>
   <extracomment>Train patch classifier</extracomment>
   <translation type="unfinished" />
  </message>
  <message>
   <source>Folder to make for everything about the run: scores by epoch, curves, predictions, report, log, checkpoints and how to repeat it. It takes the place of CHECKPOINTS.</source>
   <extracomment>Train patch classifier</extracomment>
   <translation type="unfinished" />
  </message>
  <message>
   <source>Train patch classifier</source>
   <extracomment>Train patch classifier</extracomment>
   <translation type="unfinished" />
  </message>
  <message>
   <source>Trains a network that gives small images, or the windows of a scene, their class.</source>
   <extracomment>Train patch classifier</extracomment>
   <translation type="unfinished" />
  </message>
  <message>
   <source>Folder with one sub-folder per class</source>
   <extracomment>Train patch classifier</extracomment>
   <translation type="unfinished" />
  </message>
  <message>
   <source>Tables and images (*.csv *.tsv *.parquet *.tif *.tiff *.png *.jpg *.jpeg);;All files (*)</source>
   <extracomment>Train patch classifier</extracomment>
   <translation type="unfinished" />
  </message>
  <message>
   <source>Chosen by the size of the patches</source>
   <extracomment>Train patch classifier</extracomment>
   <translation type="unfinished" />
  </message>
  <message>
   <source>File, or name of a bundled model</source>
   <extracomment>Train patch classifier</extracomment>
   <translation type="unfinished" />
  </message>
  <message>
   <source>None: one training with the bands above</source>
   <extracomment>Train patch classifier</extracomment>
   <translation type="unfinished" />
  </message>
  <message>
   <source>Scene</source>
   <extracomment>Classify raster</extracomment>
   <translation type="unfinished" />
  </message>
  <message>
   <source>The scene (INPUT).</source>
   <extracomment>Classify raster</extracomment>
   <translation type="unfinished" />
  </message>
  <message>
   <source>Model file (.safetensors), or the name of a bundled model: eurosat_rgb.</source>
   <extracomment>Classify raster</extracomment>
   <translation type="unfinished" />
  </message>
  <message>
   <source>Part to classify</source>
   <extracomment>Classify raster</extracomment>
   <translation type="unfinished" />
  </message>
  <message>
   <source>Only this part of the scene is classified. Default: all of it.</source>
   <extracomment>Classify raster</extracomment>
   <translation type="unfinished" />
  </message>
  <message>
   <source>Mask</source>
   <extracomment>Classify raster</extracomment>
   <translation type="unfinished" />
  </message>
  <message>
   <source>Smallest confidence in percent</source>
   <extracomment>Classify raster</extracomment>
   <translation type="unfinished" />
  </message>
  <message>
   <source>Whole percent, as in CONFIDENCE. What the model is less sure of becomes unclassified, instead of the likeliest class. 0 classifies everything.</source>
   <extracomment>Classify raster</extracomment>
   <translation type="unfinished" />
  </message>
  <message>
   <source>Software that executes the network</source>
   <extracomment>Classify raster</extracomment>
   <translation type="unfinished" />
  </message>
  <message>
   <source>What executes the network. auto: OpenVINO on processors (ONNX Runtime where it is not installed), PyTorch on GPUs and for patch classifiers. One of: auto, openvino, onnxruntime, torch.</source>
   <extracomment>Classify raster</extracomment>
   <translation type="unfinished" />
  </message>
  <message>
   <source>Precision of the computation</source>
   <extracomment>Classify raster</extracomment>
   <translation type="unfinished" />
  </message>
  <message>
   <source>f32 is exact. bf16 is up to three times as fast on processors that have it and on GPUs. auto: bf16 for large scenes, where it gives the same label to 99.5 % of the pixels of some windows. One of: auto, f32, bf16.</source>
   <extracomment>Classify raster</extracomment>
   <translation type="unfinished" />
  </message>
  <message>
   <source>Window size in pixels (0: automatic)</source>
   <extracomment>Classify raster</extracomment>
   <translation type="unfinished" />
  </message>
  <message>
   <source>Side of the windows in pixels; 0 chooses it.</source>
   <extracomment>Classify raster</extracomment>
   <translation type="unfinished" />
  </message>
  <message>
   <source>Patches: step between windows in pixels</source>
   <extracomment>Classify raster</extracomment>
   <translation type="unfinished" />
  </message>
  <message>
   <source>Patch classifiers: step between windows in pixels. The map has a pixel per step and shows all of the scene. Default: 1 for windows up to 15 px, else the window's side (half of it with PER_PIXEL).</source>
   <extracomment>Classify raster</extracomment>
   <translation type="unfinished" />
  </message>
  <message>
   <source>Patches: map in the scene's resolution</source>
   <extracomment>Classify raster</extracomment>
   <translation type="unfinished" />
  </message>
  <message>
   <source>Patch classifiers: average overlapping windows, so that the map has the scene's pixels whatever STRIDE is.</source>
   <extracomment>Classify raster</extracomment>
   <translation type="unfinished" />
  </message>
  <message>
   <source>Classified map</source>
   <extracomment>Classify raster</extracomment>
   <translation type="unfinished" />
  </message>
  <message>
   <source>Map to write (.tif).</source>
   <extracomment>Classify raster</extracomment>
   <translation type="unfinished" />
  </message>
  <message>
   <source>Confidence</source>
   <extracomment>Classify raster</extracomment>
   <translation type="unfinished" />
  </message>
  <message>
   <source>Raster of the confidence in percent to write (.tif).</source>
   <extracomment>Classify raster</extracomment>
   <translation type="unfinished" />
  </message>
  <message>
   <source>Probabilities</source>
   <extracomment>Classify raster</extracomment>
   <translation type="unfinished" />
  </message>
  <message>
   <source>Raster with a probability band per class to write (.tif).</source>
   <extracomment>Classify raster</extracomment>
   <translation type="unfinished" />
  </message>
  <message>
   <source>Class areas</source>
   <extracomment>Classify raster</extracomment>
   <translation type="unfinished" />
  </message>
  <message>
   <source>CSV table of class areas to write.</source>
   <extracomment>Classify raster</extracomment>
   <translation type="unfinished" />
  </message>
  <message>
   <source>Share of unclassified pixels</source>
   <extracomment>Classify raster</extracomment>
   <translation type="unfinished" />
  </message>
  <message>
   <source>Classify raster</source>
   <extracomment>Classify raster</extracomment>
   <translation type="unfinished" />
  </message>
  <message>
   <source>Apply</source>
   <extracomment>Classify raster</extracomment>
   <translation type="unfinished" />
  </message>
  <message>
   <source>Classifies every pixel of a scene with a trained model.</source>
   <extracomment>Classify raster</extracomment>
   <translation type="unfinished" />
  </message>
  <message>
   <source>As the model needs them</source>
   <extracomment>Classify raster</extracomment>
   <translation type="unfinished" />
  </message>
  <message>
   <source>As the model needs them, of {}</source>
   <extracomment>Classify raster</extracomment>
   <translation type="unfinished" />
  </message>
  <message>
   <source>Patches (folder, table or image)</source>
   <extracomment>Classify patches</extracomment>
   <translation type="unfinished" />
  </message>
  <message>
   <source>Patches: one image, a folder (searched in depth), a CSV or Parquet table of paths, or a folder in the layout of BigEarthNet.</source>
   <extracomment>Classify patches</extracomment>
   <translation type="unfinished" />
  </message>
  <message>
   <source>Classified patches</source>
   <extracomment>Classify patches</extracomment>
   <translation type="unfinished" />
  </message>
  <message>
   <source>Table to write (.csv).</source>
   <extracomment>Classify patches</extracomment>
   <translation type="unfinished" />
  </message>
  <message>
   <source>Number of unclassified patches</source>
   <extracomment>Classify patches</extracomment>
   <translation type="unfinished" />
  </message>
  <message>
   <source>Classify patches</source>
   <extracomment>Classify patches</extracomment>
   <translation type="unfinished" />
  </message>
  <message>
   <source>Gives every patch its class, or its classes, in a table.</source>
   <extracomment>Classify patches</extracomment>
   <translation type="unfinished" />
  </message>
  <message>
   <source>Folder of images</source>
   <extracomment>Classify patches</extracomment>
   <translation type="unfinished" />
  </message>
  <message>
   <source>Map to assess</source>
   <extracomment>Assess accuracy</extracomment>
   <translation type="unfinished" />
  </message>
  <message>
   <source>Map to assess.</source>
   <extracomment>Assess accuracy</extracomment>
   <translation type="unfinished" />
  </message>
  <message>
   <source>Reference</source>
   <extracomment>Assess accuracy</extracomment>
   <translation type="unfinished" />
  </message>
  <message>
   <source>Reference polygons, points or raster.</source>
   <extracomment>Assess accuracy</extracomment>
   <translation type="unfinished" />
  </message>
  <message>
   <source>Field of a vector reference that holds the class, as a number or a name.</source>
   <extracomment>Assess accuracy</extracomment>
   <translation type="unfinished" />
  </message>
  <message>
   <source>Only the features that are selected in the project count, where REFERENCE is a vector layer.</source>
   <extracomment>Assess accuracy</extracomment>
   <translation type="unfinished" />
  </message>
  <message>
   <source>Sampling of reference points</source>
   <extracomment>Assess accuracy</extracomment>
   <translation type="unfinished" />
  </message>
  <message>
   <source>How reference points were drawn, where they are a probability sample: simple or stratified (by the map's classes). One of: none, simple, stratified.</source>
   <extracomment>Assess accuracy</extracomment>
   <translation type="unfinished" />
  </message>
  <message>
   <source>Value that means no reference</source>
   <extracomment>Assess accuracy</extracomment>
   <translation type="unfinished" />
  </message>
  <message>
   <source>Value of a reference raster that means no label; 'none' keeps every value. Default: the raster's nodata value, else 0.</source>
   <extracomment>Assess accuracy</extracomment>
   <translation type="unfinished" />
  </message>
  <message>
   <source>Accuracy report</source>
   <extracomment>Assess accuracy</extracomment>
   <translation type="unfinished" />
  </message>
  <message>
   <source>Share of unclassified reference</source>
   <extracomment>Assess accuracy</extracomment>
   <translation type="unfinished" />
  </message>
  <message>
   <source>Assess accuracy</source>
   <extracomment>Assess accuracy</extracomment>
   <translation type="unfinished" />
  </message>
  <message>
   <source>Assess</source>
   <extracomment>Assess accuracy</extracomment>
   <translation type="unfinished" />
  </message>
  <message>
   <source>Compares a classified map with reference data and reports the accuracy per class.</source>
   <extracomment>Assess accuracy</extracomment>
   <translation type="unfinished" />
  </message>
  <message>
   <source>Map to sample</source>
   <extracomment>Suggest samples</extracomment>
   <translation type="unfinished" />
  </message>
  <message>
   <source>Map to sample.</source>
   <extracomment>Suggest samples</extracomment>
   <translation type="unfinished" />
  </message>
  <message>
   <source>Confidence of the map</source>
   <extracomment>Suggest samples</extracomment>
   <translation type="unfinished" />
  </message>
  <message>
   <source>CONFIDENCE that classify wrote with the map, to suggest points where it is low.</source>
   <extracomment>Suggest samples</extracomment>
   <translation type="unfinished" />
  </message>
  <message>
   <source>Or its probabilities</source>
   <extracomment>Suggest samples</extracomment>
   <translation type="unfinished" />
  </message>
  <message>
   <source>PROBABILITIES that classify wrote with the map, to suggest points where the two likeliest classes are nearly as likely; instead of CONFIDENCE.</source>
   <extracomment>Suggest samples</extracomment>
   <translation type="unfinished" />
  </message>
  <message>
   <source>Sampling design</source>
   <extracomment>Suggest samples</extracomment>
   <translation type="unfinished" />
  </message>
  <message>
   <source>To assess the map, a random sample: stratified, so many in each class of the map, or simple, every pixel as likely. To train on: uncertain, where the model is unsure. auto: uncertain where CONFIDENCE or PROBABILITIES is given, else stratified. One of: auto, simple, stratified, uncertain.</source>
   <extracomment>Suggest samples</extracomment>
   <translation type="unfinished" />
  </message>
  <message>
   <source>Number of points</source>
   <extracomment>Suggest samples</extracomment>
   <translation type="unfinished" />
  </message>
  <message>
   <source>Points in all. Default: as many as STANDARD_ERROR asks for; uncertain: 50.</source>
   <extracomment>Suggest samples</extracomment>
   <translation type="unfinished" />
  </message>
  <message>
   <source>Standard error of the overall accuracy</source>
   <extracomment>Suggest samples</extracomment>
   <translation type="unfinished" />
  </message>
  <message>
   <source>Standard error that overall accuracy shall have, as a share of 1: half of what stands after ± at 95 % confidence.</source>
   <extracomment>Suggest samples</extracomment>
   <translation type="unfinished" />
  </message>
  <message>
   <source>Expected user's accuracy</source>
   <extracomment>Suggest samples</extracomment>
   <translation type="unfinished" />
  </message>
  <message>
   <source>User's accuracy to expect, 0 to 1: a number for all classes, NAME=NUMBER or ID=NUMBER for one. Default: 0.85.</source>
   <extracomment>Suggest samples</extracomment>
   <translation type="unfinished" />
  </message>
  <message>
   <source>Least points per class</source>
   <extracomment>Suggest samples</extracomment>
   <translation type="unfinished" />
  </message>
  <message>
   <source>Stratified: points that each class gets at least, however rare.</source>
   <extracomment>Suggest samples</extracomment>
   <translation type="unfinished" />
  </message>
  <message>
   <source>Least distance between points in metres</source>
   <extracomment>Suggest samples</extracomment>
   <translation type="unfinished" />
  </message>
  <message>
   <source>Uncertain: least distance between points in metres. Default: half of what it would be if they were spread evenly over the map, less in classes that are too small for it.</source>
   <extracomment>Suggest samples</extracomment>
   <translation type="unfinished" />
  </message>
  <message>
   <source>Write the class of the map</source>
   <extracomment>Suggest samples</extracomment>
   <translation type="unfinished" />
  </message>
  <message>
   <source>Write what the map has at each point. Whoever labels the points should not see it.</source>
   <extracomment>Suggest samples</extracomment>
   <translation type="unfinished" />
  </message>
  <message>
   <source>Sample points</source>
   <extracomment>Suggest samples</extracomment>
   <translation type="unfinished" />
  </message>
  <message>
   <source>Points to write (.gpkg, or .geojson in degrees).</source>
   <extracomment>Suggest samples</extracomment>
   <translation type="unfinished" />
  </message>
  <message>
   <source>Table of the design</source>
   <extracomment>Suggest samples</extracomment>
   <translation type="unfinished" />
  </message>
  <message>
   <source>CSV table of classes, their shares and points to write.</source>
   <extracomment>Suggest samples</extracomment>
   <translation type="unfinished" />
  </message>
  <message>
   <source>Standard error to expect</source>
   <extracomment>Suggest samples</extracomment>
   <translation type="unfinished" />
  </message>
  <message>
   <source>Suggest samples</source>
   <extracomment>Suggest samples</extracomment>
   <translation type="unfinished" />
  </message>
  <message>
   <source>Suggests points to label: a random sample to assess a map, or where a model is unsure.</source>
   <extracomment>Suggest samples</extracomment>
   <translation type="unfinished" />
  </message>
  <message>
   <source>Map before</source>
   <extracomment>Detect change</extracomment>
   <translation type="unfinished" />
  </message>
  <message>
   <source>Map of the first date.</source>
   <extracomment>Detect change</extracomment>
   <translation type="unfinished" />
  </message>
  <message>
   <source>Map after</source>
   <extracomment>Detect change</extracomment>
   <translation type="unfinished" />
  </message>
  <message>
   <source>Map of the second date; where it is on another grid, it is brought to that of the first.</source>
   <extracomment>Detect change</extracomment>
   <translation type="unfinished" />
  </message>
  <message>
   <source>Change map</source>
   <extracomment>Detect change</extracomment>
   <translation type="unfinished" />
  </message>
  <message>
   <source>Change map to write (.tif).</source>
   <extracomment>Detect change</extracomment>
   <translation type="unfinished" />
  </message>
  <message>
   <source>Change report</source>
   <extracomment>Detect change</extracomment>
   <translation type="unfinished" />
  </message>
  <message>
   <source>From-to table</source>
   <extracomment>Detect change</extracomment>
   <translation type="unfinished" />
  </message>
  <message>
   <source>CSV table of what became of what, with areas, to write.</source>
   <extracomment>Detect change</extracomment>
   <translation type="unfinished" />
  </message>
  <message>
   <source>Changed area in hectares</source>
   <extracomment>Detect change</extracomment>
   <translation type="unfinished" />
  </message>
  <message>
   <source>Changed share</source>
   <extracomment>Detect change</extracomment>
   <translation type="unfinished" />
  </message>
  <message>
   <source>Detect change</source>
   <extracomment>Detect change</extracomment>
   <translation type="unfinished" />
  </message>
  <message>
   <source>Compares two maps of one area and says what has become of what.</source>
   <extracomment>Detect change</extracomment>
   <translation type="unfinished" />
  </message>
  <message>
   <source>Models or metrics</source>
   <extracomment>Compare models</extracomment>
   <translation type="unfinished" />
  </message>
  <message>
   <source>Two or more model files, metrics files (.json), predictions (.npz) or folders of them.</source>
   <extracomment>Compare models</extracomment>
   <translation type="unfinished" />
  </message>
  <message>
   <source>Score that names the best</source>
   <extracomment>Compare models</extracomment>
   <translation type="unfinished" />
  </message>
  <message>
   <source>Score that names the best. One of: overall_accuracy, kappa, mean_iou, macro_f1, weighted_f1, mcc, map.</source>
   <extracomment>Compare models</extracomment>
   <translation type="unfinished" />
  </message>
  <message>
   <source>Only models for which this holds</source>
   <extracomment>Compare models</extracomment>
   <translation type="unfinished" />
  </message>
  <message>
   <source>Only models for which this holds: NAME=VALUE, or with !=, &lt;, &lt;=, &gt; or &gt;=; several must all hold. Names: rank, name, date, architecture, seed, split, status, overall_accuracy, kappa, mean_iou, macro_f1, weighted_f1, mcc, map, parameters, size_bytes, training_s.</source>
   <extracomment>Compare models</extracomment>
   <translation type="unfinished" />
  </message>
  <message>
   <source>Order of the list</source>
   <extracomment>Compare models</extracomment>
   <translation type="unfinished" />
  </message>
  <message>
   <source>Order of the list. One of: rank, name, date, architecture, seed, split, status, overall_accuracy, kappa, mean_iou, macro_f1, weighted_f1, mcc, map, parameters, size_bytes, training_s.</source>
   <extracomment>Compare models</extracomment>
   <translation type="unfinished" />
  </message>
  <message>
   <source>Comparison report</source>
   <extracomment>Compare models</extracomment>
   <translation type="unfinished" />
  </message>
  <message>
   <source>Table of models</source>
   <extracomment>Compare models</extracomment>
   <translation type="unfinished" />
  </message>
  <message>
   <source>CSV table with a row per model to write.</source>
   <extracomment>Compare models</extracomment>
   <translation type="unfinished" />
  </message>
  <message>
   <source>Best model</source>
   <extracomment>Compare models</extracomment>
   <translation type="unfinished" />
  </message>
  <message>
   <source>Name of the best model</source>
   <extracomment>Compare models</extracomment>
   <translation type="unfinished" />
  </message>
  <message>
   <source>Score of the best model</source>
   <extracomment>Compare models</extracomment>
   <translation type="unfinished" />
  </message>
  <message>
   <source>Compare models</source>
   <extracomment>Compare models</extracomment>
   <translation type="unfinished" />
  </message>
  <message>
   <source>Compares models or metrics files class by class and points at the best.</source>
   <extracomment>Compare models</extracomment>
   <translation type="unfinished" />
  </message>
  <message>
   <source>Files, or a folder of runs</source>
   <extracomment>Compare models</extracomment>
   <translation type="unfinished" />
  </message>
  <message>
   <source>Models, metrics and predictions (*.safetensors *.json *.npz)</source>
   <extracomment>Compare models</extracomment>
   <translation type="unfinished" />
  </message>
  <message>
   <source>Patch size in pixels</source>
   <extracomment>Describe training data</extracomment>
   <translation type="unfinished" />
  </message>
  <message>
   <source>Side of the patches in pixels, where it differs. Default: that of most patches.</source>
   <extracomment>Describe training data</extracomment>
   <translation type="unfinished" />
  </message>
  <message>
   <source>Most pixels of a class to compute from</source>
   <extracomment>Describe training data</extracomment>
   <translation type="unfinished" />
  </message>
  <message>
   <source>Most pixels of a class that statistics are computed from, drawn at random.</source>
   <extracomment>Describe training data</extracomment>
   <translation type="unfinished" />
  </message>
  <message>
   <source>Data report</source>
   <extracomment>Describe training data</extracomment>
   <translation type="unfinished" />
  </message>
  <message>
   <source>Numbers</source>
   <extracomment>Describe training data</extracomment>
   <translation type="unfinished" />
  </message>
  <message>
   <source>JSON file of all numbers to write.</source>
   <extracomment>Describe training data</extracomment>
   <translation type="unfinished" />
  </message>
  <message>
   <source>Band statistics</source>
   <extracomment>Describe training data</extracomment>
   <translation type="unfinished" />
  </message>
  <message>
   <source>CSV table of statistics per class and band to write.</source>
   <extracomment>Describe training data</extracomment>
   <translation type="unfinished" />
  </message>
  <message>
   <source>Number of classes</source>
   <extracomment>Describe training data</extracomment>
   <translation type="unfinished" />
  </message>
  <message>
   <source>Number of labelled pixels or patches</source>
   <extracomment>Describe training data</extracomment>
   <translation type="unfinished" />
  </message>
  <message>
   <source>Number of suspicious labels</source>
   <extracomment>Describe training data</extracomment>
   <translation type="unfinished" />
  </message>
  <message>
   <source>Number of exact copies</source>
   <extracomment>Describe training data</extracomment>
   <translation type="unfinished" />
  </message>
  <message>
   <source>Number of unusable patches</source>
   <extracomment>Describe training data</extracomment>
   <translation type="unfinished" />
  </message>
  <message>
   <source>Smallest separability of two classes</source>
   <extracomment>Describe training data</extracomment>
   <translation type="unfinished" />
  </message>
  <message>
   <source>Describe training data</source>
   <extracomment>Describe training data</extracomment>
   <translation type="unfinished" />
  </message>
  <message>
   <source>Describes labels and their spectra: balance, separability, labels that may be wrong.</source>
   <extracomment>Describe training data</extracomment>
   <translation type="unfinished" />
  </message>
  <message>
   <source>The scene (INPUT). Give it or PATCHES.</source>
   <extracomment>Explain prediction</extracomment>
   <translation type="unfinished" />
  </message>
  <message>
   <source>Part of the scene</source>
   <extracomment>Explain prediction</extracomment>
   <translation type="unfinished" />
  </message>
  <message>
   <source>Only this part of the scene is explained. Default: all of it.</source>
   <extracomment>Explain prediction</extracomment>
   <translation type="unfinished" />
  </message>
  <message>
   <source>Or patches (folder, table or image)</source>
   <extracomment>Explain prediction</extracomment>
   <translation type="unfinished" />
  </message>
  <message>
   <source>Patches, for patch classifiers: one image, a folder (searched in depth) or a CSV or Parquet table of paths.</source>
   <extracomment>Explain prediction</extracomment>
   <translation type="unfinished" />
  </message>
  <message>
   <source>Class to explain (name or id)</source>
   <extracomment>Explain prediction</extracomment>
   <translation type="unfinished" />
  </message>
  <message>
   <source>Name or id of the class to explain. Default: what the model says of each patch or window; for segmenters the class that it gives most pixels.</source>
   <extracomment>Explain prediction</extracomment>
   <translation type="unfinished" />
  </message>
  <message>
   <source>Method</source>
   <extracomment>Explain prediction</extracomment>
   <translation type="unfinished" />
  </message>
  <message>
   <source>gradcam: where the evidence for the class lies. occlusion: how much is lost without each band. activations: what a layer holds. One of: gradcam, occlusion, activations.</source>
   <extracomment>Explain prediction</extracomment>
   <translation type="unfinished" />
  </message>
  <message>
   <source>Layer of the network</source>
   <extracomment>Explain prediction</extracomment>
   <translation type="unfinished" />
  </message>
  <message>
   <source>Name of the layer to look at. Default: the deepest map of a segmenter, the last one of a patch classifier.</source>
   <extracomment>Explain prediction</extracomment>
   <translation type="unfinished" />
  </message>
  <message>
   <source>Channel of the layer</source>
   <extracomment>Explain prediction</extracomment>
   <translation type="unfinished" />
  </message>
  <message>
   <source>Channel of the layer to show, from 0, for activations. Default: the mean of all.</source>
   <extracomment>Explain prediction</extracomment>
   <translation type="unfinished" />
  </message>
  <message>
   <source>Most patches to explain</source>
   <extracomment>Explain prediction</extracomment>
   <translation type="unfinished" />
  </message>
  <message>
   <source>Most patches to explain, taken evenly from all of them.</source>
   <extracomment>Explain prediction</extracomment>
   <translation type="unfinished" />
  </message>
  <message>
   <source>Labels on the scene</source>
   <extracomment>Explain prediction</extracomment>
   <translation type="unfinished" />
  </message>
  <message>
   <source>Polygons, points or a label raster on the scene: occlusion then also says how much accuracy is lost. For patches folders named like the classes do.</source>
   <extracomment>Explain prediction</extracomment>
   <translation type="unfinished" />
  </message>
  <message>
   <source>Field of the vector labels that holds the class.</source>
   <extracomment>Explain prediction</extracomment>
   <translation type="unfinished" />
  </message>
  <message>
   <source>Explanation</source>
   <extracomment>Explain prediction</extracomment>
   <translation type="unfinished" />
  </message>
  <message>
   <source>Raster of the result, for a scene. For patches a folder of pictures: the name without its ending.</source>
   <extracomment>Explain prediction</extracomment>
   <translation type="unfinished" />
  </message>
  <message>
   <source>Explanation report</source>
   <extracomment>Explain prediction</extracomment>
   <translation type="unfinished" />
  </message>
  <message>
   <source>Picture</source>
   <extracomment>Explain prediction</extracomment>
   <translation type="unfinished" />
  </message>
  <message>
   <source>Picture of the scene with the result over it to write (.png).</source>
   <extracomment>Explain prediction</extracomment>
   <translation type="unfinished" />
  </message>
  <message>
   <source>Band table</source>
   <extracomment>Explain prediction</extracomment>
   <translation type="unfinished" />
  </message>
  <message>
   <source>CSV table of the importance of each band to write, for occlusion.</source>
   <extracomment>Explain prediction</extracomment>
   <translation type="unfinished" />
  </message>
  <message>
   <source>Class that was explained</source>
   <extracomment>Explain prediction</extracomment>
   <translation type="unfinished" />
  </message>
  <message>
   <source>Mean probability of the class</source>
   <extracomment>Explain prediction</extracomment>
   <translation type="unfinished" />
  </message>
  <message>
   <source>Most important band</source>
   <extracomment>Explain prediction</extracomment>
   <translation type="unfinished" />
  </message>
  <message>
   <source>Probability lost without it</source>
   <extracomment>Explain prediction</extracomment>
   <translation type="unfinished" />
  </message>
  <message>
   <source>Explain prediction</source>
   <extracomment>Explain prediction</extracomment>
   <translation type="unfinished" />
  </message>
  <message>
   <source>Shows where a model finds the evidence for a class, and in which bands.</source>
   <extracomment>Explain prediction</extracomment>
   <translation type="unfinished" />
  </message>
  <message>
   <source>Model card</source>
   <extracomment>Model information</extracomment>
   <translation type="unfinished" />
  </message>
  <message>
   <source>HTML page to write.</source>
   <extracomment>Model information</extracomment>
   <translation type="unfinished" />
  </message>
  <message>
   <source>Model information</source>
   <extracomment>Model information</extracomment>
   <translation type="unfinished" />
  </message>
  <message>
   <source>Shows the classes, bands, training and scores that a model file records.</source>
   <extracomment>Model information</extracomment>
   <translation type="unfinished" />
  </message>
  <message>
   <source>What to cut</source>
   <extracomment>Export patches</extracomment>
   <translation type="unfinished" />
  </message>
  <message>
   <source>patches: one folder per class; tiles: images and label rasters side by side. One of: patches, tiles.</source>
   <extracomment>Export patches</extracomment>
   <translation type="unfinished" />
  </message>
  <message>
   <source>Tile size in pixels</source>
   <extracomment>Export patches</extracomment>
   <translation type="unfinished" />
  </message>
  <message>
   <source>Side of a tile in pixels.</source>
   <extracomment>Export patches</extracomment>
   <translation type="unfinished" />
  </message>
  <message>
   <source>Overlap of tiles (share of the size)</source>
   <extracomment>Export patches</extracomment>
   <translation type="unfinished" />
  </message>
  <message>
   <source>Share of a tile's side that neighbouring tiles share.</source>
   <extracomment>Export patches</extracomment>
   <translation type="unfinished" />
  </message>
  <message>
   <source>Format of the images</source>
   <extracomment>Export patches</extracomment>
   <translation type="unfinished" />
  </message>
  <message>
   <source>Format of the images. One of: tif, png, npy.</source>
   <extracomment>Export patches</extracomment>
   <translation type="unfinished" />
  </message>
  <message>
   <source>Folder of patches</source>
   <extracomment>Export patches</extracomment>
   <translation type="unfinished" />
  </message>
  <message>
   <source>Folder to make; it must not exist or be empty.</source>
   <extracomment>Export patches</extracomment>
   <translation type="unfinished" />
  </message>
  <message>
   <source>Manifest</source>
   <extracomment>Export patches</extracomment>
   <translation type="unfinished" />
  </message>
  <message>
   <source>Export patches</source>
   <extracomment>Export patches</extracomment>
   <translation type="unfinished" />
  </message>
  <message>
   <source>Exchange</source>
   <extracomment>Export patches</extracomment>
   <translation type="unfinished" />
  </message>
  <message>
   <source>Cuts labelled patches, or tiles of images and labels, into files for other tools.</source>
   <extracomment>Export patches</extracomment>
   <translation type="unfinished" />
  </message>
  <message>
   <source>Keras model (*.keras *.h5 *.hdf5)</source>
   <extracomment>algorithms/import_model.py</extracomment>
   <translation type="unfinished" />
  </message>
  <message>
   <source>Keras model</source>
   <extracomment>Import model</extracomment>
   <translation type="unfinished" />
  </message>
  <message>
   <source>Keras model (.keras, .h5).</source>
   <extracomment>Import model</extracomment>
   <translation type="unfinished" />
  </message>
  <message>
   <source>Bands, in order (names or roles)</source>
   <extracomment>Import model</extracomment>
   <translation type="unfinished" />
  </message>
  <message>
   <source>Roles or names of the model's inputs, in order.</source>
   <extracomment>Import model</extracomment>
   <translation type="unfinished" />
  </message>
  <message>
   <source>Class names, in order</source>
   <extracomment>Import model</extracomment>
   <translation type="unfinished" />
  </message>
  <message>
   <source>Names of the model's classes, in order.</source>
   <extracomment>Import model</extracomment>
   <translation type="unfinished" />
  </message>
  <message>
   <source>Scale of the input</source>
   <extracomment>Import model</extracomment>
   <translation type="unfinished" />
  </message>
  <message>
   <source>Input of the model = value * SCALE + OFFSET. Default: what is published for the network.</source>
   <extracomment>Import model</extracomment>
   <translation type="unfinished" />
  </message>
  <message>
   <source>Offset of the input</source>
   <extracomment>Import model</extracomment>
   <translation type="unfinished" />
  </message>
  <message>
   <source>See SCALE.</source>
   <extracomment>Import model</extracomment>
   <translation type="unfinished" />
  </message>
  <message>
   <source>Licence of the model</source>
   <extracomment>Import model</extracomment>
   <translation type="unfinished" />
  </message>
  <message>
   <source>Licence of the model, for its card.</source>
   <extracomment>Import model</extracomment>
   <translation type="unfinished" />
  </message>
  <message>
   <source>Import model</source>
   <extracomment>Import model</extracomment>
   <translation type="unfinished" />
  </message>
  <message>
   <source>Turns a published Keras model into a model file; TensorFlow is not needed.</source>
   <extracomment>Import model</extracomment>
   <translation type="unfinished" />
  </message>
  <message>
   <source>Format</source>
   <extracomment>Export model</extracomment>
   <translation type="unfinished" />
  </message>
  <message>
   <source>Default: by the ending of OUTPUT. One of: auto, onnx, openvino.</source>
   <extracomment>Export model</extracomment>
   <translation type="unfinished" />
  </message>
  <message>
   <source>Window size in pixels (segmenters)</source>
   <extracomment>Export model</extracomment>
   <translation type="unfinished" />
  </message>
  <message>
   <source>Side of the windows that other software will cut (Deepness), for segmenters.</source>
   <extracomment>Export model</extracomment>
   <translation type="unfinished" />
  </message>
  <message>
   <source>Exported model</source>
   <extracomment>Export model</extracomment>
   <translation type="unfinished" />
  </message>
  <message>
   <source>File to write: .onnx, or .xml for OpenVINO.</source>
   <extracomment>Export model</extracomment>
   <translation type="unfinished" />
  </message>
  <message>
   <source>Export model</source>
   <extracomment>Export model</extracomment>
   <translation type="unfinished" />
  </message>
  <message>
   <source>Writes a model as ONNX or OpenVINO, for other software such as Deepness.</source>
   <extracomment>Export model</extracomment>
   <translation type="unfinished" />
  </message>
  <message>
   <source>cpu works everywhere and needs about 1.1 GB; cuda is for NVIDIA cards and needs about 6 GB.</source>
   <extracomment>Set up the engine</extracomment>
   <translation type="unfinished" />
  </message>
  <message>
   <source>install makes a new environment, which also repairs or updates one; check classifies an image with the one there is; move brings it into FOLDER; remove deletes it.</source>
   <extracomment>Set up the engine</extracomment>
   <translation type="unfinished" />
  </message>
  <message>
   <source>Python to build on</source>
   <extracomment>setup_dialog.py</extracomment>
   <translation type="unfinished" />
  </message>
  <message>
   <source>A Python 3.11 to 3.14, 64 bits. Default: the first one found on this computer.</source>
   <extracomment>Set up the engine</extracomment>
   <translation type="unfinished" />
  </message>
  <message>
   <source>Folder to install in</source>
   <extracomment>Set up the engine</extracomment>
   <translation type="unfinished" />
  </message>
  <message>
   <source>Default: a folder of this user, the same for all versions and profiles of QGIS.</source>
   <extracomment>Set up the engine</extracomment>
   <translation type="unfinished" />
  </message>
  <message>
   <source>Folder of wheels</source>
   <extracomment>setup_dialog.py</extracomment>
   <translation type="unfinished" />
  </message>
  <message>
   <source>Install from these files and download nothing, for computers without a network.</source>
   <extracomment>Set up the engine</extracomment>
   <translation type="unfinished" />
  </message>
  <message>
   <source>Package index of PyTorch</source>
   <extracomment>Set up the engine</extracomment>
   <translation type="unfinished" />
  </message>
  <message>
   <source>Address of another package index for PyTorch; 'ordinary' takes it from where the other packages come from. The variable LULC_TORCH_INDEX does the same.</source>
   <extracomment>Set up the engine</extracomment>
   <translation type="unfinished" />
  </message>
  <message>
   <source>The engine's Python</source>
   <extracomment>Set up the engine</extracomment>
   <translation type="unfinished" />
  </message>
  <message>
   <source>Set up the engine</source>
   <extracomment>desktop.py</extracomment>
   <translation type="unfinished" />
  </message>
  <message>
   <source>Set up</source>
   <extracomment>Set up the engine</extracomment>
   <translation type="unfinished" />
  </message>
  <message>
   <source>Installs the Python packages that the other algorithms need, beside QGIS.</source>
   <extracomment>Set up the engine</extracomment>
   <translation type="unfinished" />
  </message>
  <message>
   <source>Points to label next</source>
   <extracomment>algorithms/suggest_samples.py</extracomment>
   <translation type="unfinished" />
  </message>
  <message>
   <source>Bands</source>
   <extracomment>band_widget.py</extracomment>
   <translation type="unfinished" />
  </message>
  <message>
   <source>Bands to use, in this order:</source>
   <extracomment>band_widget.py</extracomment>
   <translation type="unfinished" />
  </message>
  <message>
   <source>Automatic</source>
   <extracomment>choice_labels.py</extracomment>
   <translation type="unfinished" />
  </message>
  <message>
   <source>None</source>
   <extracomment>choice_labels.py</extracomment>
   <translation type="unfinished" />
  </message>
  <message>
   <source>Default</source>
   <extracomment>choice_labels.py</extracomment>
   <translation type="unfinished" />
  </message>
  <message>
   <source>As published</source>
   <extracomment>choice_labels.py</extracomment>
   <translation type="unfinished" />
  </message>
  <message>
   <source>Install, repair or update</source>
   <extracomment>choice_labels.py</extracomment>
   <translation type="unfinished" />
  </message>
  <message>
   <source>Check</source>
   <extracomment>choice_labels.py</extracomment>
   <translation type="unfinished" />
  </message>
  <message>
   <source>Move to another folder</source>
   <extracomment>choice_labels.py</extracomment>
   <translation type="unfinished" />
  </message>
  <message>
   <source>Remove</source>
   <extracomment>choice_labels.py</extracomment>
   <translation type="unfinished" />
  </message>
  <message>
   <source>Processor</source>
   <extracomment>choice_labels.py</extracomment>
   <translation type="unfinished" />
  </message>
  <message>
   <source>NVIDIA graphics card (CUDA)</source>
   <extracomment>choice_labels.py</extracomment>
   <translation type="unfinished" />
  </message>
  <message>
   <source>Apple graphics (MPS)</source>
   <extracomment>choice_labels.py</extracomment>
   <translation type="unfinished" />
  </message>
  <message>
   <source>OpenVINO</source>
   <extracomment>choice_labels.py</extracomment>
   <translation type="unfinished" />
  </message>
  <message>
   <source>ONNX Runtime</source>
   <extracomment>choice_labels.py</extracomment>
   <translation type="unfinished" />
  </message>
  <message>
   <source>PyTorch</source>
   <extracomment>choice_labels.py</extracomment>
   <translation type="unfinished" />
  </message>
  <message>
   <source>ONNX</source>
   <extracomment>choice_labels.py</extracomment>
   <translation type="unfinished" />
  </message>
  <message>
   <source>32 bits, exact</source>
   <extracomment>choice_labels.py</extracomment>
   <translation type="unfinished" />
  </message>
  <message>
   <source>16 bits (bfloat16)</source>
   <extracomment>choice_labels.py</extracomment>
   <translation type="unfinished" />
  </message>
  <message>
   <source>Simple random</source>
   <extracomment>choice_labels.py</extracomment>
   <translation type="unfinished" />
  </message>
  <message>
   <source>Stratified by class</source>
   <extracomment>choice_labels.py</extracomment>
   <translation type="unfinished" />
  </message>
  <message>
   <source>Where the map is uncertain</source>
   <extracomment>choice_labels.py</extracomment>
   <translation type="unfinished" />
  </message>
  <message>
   <source>Cubic</source>
   <extracomment>choice_labels.py</extracomment>
   <translation type="unfinished" />
  </message>
  <message>
   <source>Nearest neighbour</source>
   <extracomment>choice_labels.py</extracomment>
   <translation type="unfinished" />
  </message>
  <message>
   <source>Bilinear</source>
   <extracomment>choice_labels.py</extracomment>
   <translation type="unfinished" />
  </message>
  <message>
   <source>Cubic spline</source>
   <extracomment>choice_labels.py</extracomment>
   <translation type="unfinished" />
  </message>
  <message>
   <source>Lanczos</source>
   <extracomment>choice_labels.py</extracomment>
   <translation type="unfinished" />
  </message>
  <message>
   <source>Average</source>
   <extracomment>choice_labels.py</extracomment>
   <translation type="unfinished" />
  </message>
  <message>
   <source>Weighted F1</source>
   <extracomment>choice_labels.py</extracomment>
   <translation type="unfinished" />
  </message>
  <message>
   <source>Matthews correlation (MCC)</source>
   <extracomment>choice_labels.py</extracomment>
   <translation type="unfinished" />
  </message>
  <message>
   <source>Mean average precision (mAP)</source>
   <extracomment>choice_labels.py</extracomment>
   <translation type="unfinished" />
  </message>
  <message>
   <source>Rank</source>
   <extracomment>choice_labels.py</extracomment>
   <translation type="unfinished" />
  </message>
  <message>
   <source>Name</source>
   <extracomment>choice_labels.py</extracomment>
   <translation type="unfinished" />
  </message>
  <message>
   <source>Date</source>
   <extracomment>choice_labels.py</extracomment>
   <translation type="unfinished" />
  </message>
  <message>
   <source>Architecture</source>
   <extracomment>choice_labels.py</extracomment>
   <translation type="unfinished" />
  </message>
  <message>
   <source>Seed</source>
   <extracomment>choice_labels.py</extracomment>
   <translation type="unfinished" />
  </message>
  <message>
   <source>Split</source>
   <extracomment>choice_labels.py</extracomment>
   <translation type="unfinished" />
  </message>
  <message>
   <source>Status</source>
   <extracomment>choice_labels.py</extracomment>
   <translation type="unfinished" />
  </message>
  <message>
   <source>Number of parameters</source>
   <extracomment>choice_labels.py</extracomment>
   <translation type="unfinished" />
  </message>
  <message>
   <source>Size of the file</source>
   <extracomment>choice_labels.py</extracomment>
   <translation type="unfinished" />
  </message>
  <message>
   <source>Time of the training</source>
   <extracomment>choice_labels.py</extracomment>
   <translation type="unfinished" />
  </message>
  <message>
   <source>Random</source>
   <extracomment>choice_labels.py</extracomment>
   <translation type="unfinished" />
  </message>
  <message>
   <source>Contiguous</source>
   <extracomment>choice_labels.py</extracomment>
   <translation type="unfinished" />
  </message>
  <message>
   <source>Grad-CAM</source>
   <extracomment>choice_labels.py</extracomment>
   <translation type="unfinished" />
  </message>
  <message>
   <source>Occlusion</source>
   <extracomment>choice_labels.py</extracomment>
   <translation type="unfinished" />
  </message>
  <message>
   <source>Activations</source>
   <extracomment>choice_labels.py</extracomment>
   <translation type="unfinished" />
  </message>
  <message>
   <source>Patches</source>
   <extracomment>choice_labels.py</extracomment>
   <translation type="unfinished" />
  </message>
  <message>
   <source>Tiles</source>
   <extracomment>choice_labels.py</extracomment>
   <translation type="unfinished" />
  </message>
  <message>
   <source>GeoTIFF</source>
   <extracomment>choice_labels.py</extracomment>
   <translation type="unfinished" />
  </message>
  <message>
   <source>PNG</source>
   <extracomment>choice_labels.py</extracomment>
   <translation type="unfinished" />
  </message>
  <message>
   <source>NumPy</source>
   <extracomment>choice_labels.py</extracomment>
   <translation type="unfinished" />
  </message>
  <message>
   <source>ImageNet</source>
   <extracomment>choice_labels.py</extracomment>
   <translation type="unfinished" />
  </message>
  <message>
   <source>Balanced</source>
   <extracomment>choice_labels.py</extracomment>
   <translation type="unfinished" />
  </message>
  <message>
   <source>Class-focused</source>
   <extracomment>choice_labels.py</extracomment>
   <translation type="unfinished" />
  </message>
  <message>
   <source>Cross-entropy</source>
   <extracomment>choice_labels.py</extracomment>
   <translation type="unfinished" />
  </message>
  <message>
   <source>Dice</source>
   <extracomment>choice_labels.py</extracomment>
   <translation type="unfinished" />
  </message>
  <message>
   <source>Focal</source>
   <extracomment>choice_labels.py</extracomment>
   <translation type="unfinished" />
  </message>
  <message>
   <source>Lovász</source>
   <extracomment>choice_labels.py</extracomment>
   <translation type="unfinished" />
  </message>
  <message>
   <source>Binary cross-entropy</source>
   <extracomment>choice_labels.py</extracomment>
   <translation type="unfinished" />
  </message>
  <message>
   <source>Focal binary cross-entropy</source>
   <extracomment>choice_labels.py</extracomment>
   <translation type="unfinished" />
  </message>
  <message>
   <source>Asymmetric</source>
   <extracomment>choice_labels.py</extracomment>
   <translation type="unfinished" />
  </message>
  <message>
   <source>Soft F1</source>
   <extracomment>choice_labels.py</extracomment>
   <translation type="unfinished" />
  </message>
  <message>
   <source>One cycle</source>
   <extracomment>choice_labels.py</extracomment>
   <translation type="unfinished" />
  </message>
  <message>
   <source>Lower on plateaus</source>
   <extracomment>choice_labels.py</extracomment>
   <translation type="unfinished" />
  </message>
  <message>
   <source>Constant</source>
   <extracomment>choice_labels.py</extracomment>
   <translation type="unfinished" />
  </message>
  <message>
   <source>NDVI: vegetation</source>
   <extracomment>choice_labels.py</extracomment>
   <translation type="unfinished" />
  </message>
  <message>
   <source>NDBI: built-up land</source>
   <extracomment>choice_labels.py</extracomment>
   <translation type="unfinished" />
  </message>
  <message>
   <source>EVI: dense vegetation</source>
   <extracomment>choice_labels.py</extracomment>
   <translation type="unfinished" />
  </message>
  <message>
   <source>SAVI: sparse vegetation</source>
   <extracomment>choice_labels.py</extracomment>
   <translation type="unfinished" />
  </message>
  <message>
   <source>NDWI: open water</source>
   <extracomment>choice_labels.py</extracomment>
   <translation type="unfinished" />
  </message>
  <message>
   <source>Every band alone</source>
   <extracomment>choice_labels.py</extracomment>
   <translation type="unfinished" />
  </message>
  <message>
   <source>All bands</source>
   <extracomment>choice_labels.py</extracomment>
   <translation type="unfinished" />
  </message>
  <message>
   <source>Red, green, blue (rgb)</source>
   <extracomment>choice_labels.py</extracomment>
   <translation type="unfinished" />
  </message>
  <message>
   <source>Near infrared, red, green (cir)</source>
   <extracomment>choice_labels.py</extracomment>
   <translation type="unfinished" />
  </message>
  <message>
   <source>Short-wave infrared, near infrared, red (swir)</source>
   <extracomment>choice_labels.py</extracomment>
   <translation type="unfinished" />
  </message>
  <message>
   <source>Best score</source>
   <extracomment>choice_labels.py</extracomment>
   <translation type="unfinished" />
  </message>
  <message>
   <source>Lowest loss</source>
   <extracomment>choice_labels.py</extracomment>
   <translation type="unfinished" />
  </message>
  <message>
   <source>Last epoch</source>
   <extracomment>choice_labels.py</extracomment>
   <translation type="unfinished" />
  </message>
  <message>
   <source>Train and test</source>
   <extracomment>choice_labels.py</extracomment>
   <translation type="unfinished" />
  </message>
  <message>
   <source>Test</source>
   <extracomment>choice_labels.py</extracomment>
   <translation type="unfinished" />
  </message>
  <message>
   <source>Mobile-UNet</source>
   <extracomment>choice_labels.py</extracomment>
   <translation type="unfinished" />
  </message>
  <message>
   <source>U-Net</source>
   <extracomment>choice_labels.py</extracomment>
   <translation type="unfinished" />
  </message>
  <message>
   <source>U-Net++</source>
   <extracomment>choice_labels.py</extracomment>
   <translation type="unfinished" />
  </message>
  <message>
   <source>FPN</source>
   <extracomment>choice_labels.py</extracomment>
   <translation type="unfinished" />
  </message>
  <message>
   <source>DeepLabV3+</source>
   <extracomment>choice_labels.py</extracomment>
   <translation type="unfinished" />
  </message>
  <message>
   <source>SegFormer</source>
   <extracomment>choice_labels.py</extracomment>
   <translation type="unfinished" />
  </message>
  <message>
   <source>None chosen</source>
   <extracomment>choice_widget.py</extracomment>
   <translation type="unfinished" />
  </message>
  <message>
   <source>Not chosen: the default</source>
   <extracomment>choice_widget.py</extracomment>
   <translation type="unfinished" />
  </message>
  <message>
   <source>Names and colours that model, maps and reports will have. Ids stay.</source>
   <extracomment>class_table.py</extracomment>
   <translation type="unfinished" />
  </message>
  <message>
   <source>Id</source>
   <extracomment>class_table.py</extracomment>
   <translation type="unfinished" />
  </message>
  <message>
   <source>Colour</source>
   <extracomment>class_table.py</extracomment>
   <translation type="unfinished" />
  </message>
  <message>
   <source>Features</source>
   <extracomment>class_table.py</extracomment>
   <translation type="unfinished" />
  </message>
  <message>
   <source>As in the labels</source>
   <extracomment>class_table.py</extracomment>
   <translation type="unfinished" />
  </message>
  <message>
   <source>Edit ...</source>
   <extracomment>class_widget.py</extracomment>
   <translation type="unfinished" />
  </message>
  <message>
   <source>Chosen automatically: the pair most confused</source>
   <extracomment>class_widget.py</extracomment>
   <translation type="unfinished" />
  </message>
  <message>
   <source>None: all classes alike</source>
   <extracomment>class_widget.py</extracomment>
   <translation type="unfinished" />
  </message>
  <message>
   <source>Shown when labels and class field are chosen</source>
   <extracomment>class_widget.py</extracomment>
   <translation type="unfinished" />
  </message>
  <message>
   <source>Land cover (LULC)</source>
   <extracomment>desktop.py</extracomment>
   <translation type="unfinished" />
  </message>
  <message>
   <source>The engine is not installed yet: set it up once.</source>
   <extracomment>desktop.py</extracomment>
   <translation type="unfinished" />
  </message>
  <message>
   <source>Land cover</source>
   <extracomment>desktop.py</extracomment>
   <translation type="unfinished" />
  </message>
  <message>
   <source>Set up the engine ...</source>
   <extracomment>desktop.py</extracomment>
   <translation type="unfinished" />
  </message>
  <message>
   <source>Load the demo scene</source>
   <extracomment>desktop.py</extracomment>
   <translation type="unfinished" />
  </message>
  <message>
   <source>The demo could not be copied to {}: {}</source>
   <extracomment>desktop.py</extracomment>
   <translation type="unfinished" />
  </message>
  <message>
   <source>As in the recipe</source>
   <extracomment>epochs_widget.py</extracomment>
   <translation type="unfinished" />
  </message>
  <message>
   <source>No earlier training with these settings on this computer; a rough guess for the processor is {low} to {high}, the longer the more is labelled.</source>
   <extracomment>epochs_widget.py</extracomment>
   <translation type="unfinished" />
  </message>
  <message>
   <source>No earlier training with these settings on this computer: the time left is shown as soon as it has begun.</source>
   <extracomment>epochs_widget.py</extracomment>
   <translation type="unfinished" />
  </message>
  <message>
   <source>As in the recipe ({})</source>
   <extracomment>epochs_widget.py</extracomment>
   <translation type="unfinished" />
  </message>
  <message>
   <source>About {time} for {epochs} epochs, by an earlier training with these settings on this computer, for as much data. It ends sooner where the validation score no longer rises.</source>
   <extracomment>epochs_widget.py</extracomment>
   <translation type="unfinished" />
  </message>
  <message>
   <source>An epoch takes about {time}, by an earlier training with these settings on this computer, for as much data.</source>
   <extracomment>epochs_widget.py</extracomment>
   <translation type="unfinished" />
  </message>
  <message>
   <source>No earlier run with this network on this computer; a rough guess for the processor is {low} to {high}.</source>
   <extracomment>estimates.py</extracomment>
   <translation type="unfinished" />
  </message>
  <message>
   <source>About {}, by an earlier run with this network on this computer.</source>
   <extracomment>estimates.py</extracomment>
   <translation type="unfinished" />
  </message>
  <message>
   <source>{} h</source>
   <extracomment>estimates.py</extracomment>
   <translation type="unfinished" />
  </message>
  <message>
   <source>The results may need {size} while they are written; {folder} has {free} free.</source>
   <extracomment>estimates.py</extracomment>
   <translation type="unfinished" />
  </message>
  <message>
   <source>Results of at most {size}; {folder} has {free} free.</source>
   <extracomment>estimates.py</extracomment>
   <translation type="unfinished" />
  </message>
  <message>
   <source>{} s</source>
   <extracomment>estimates.py</extracomment>
   <translation type="unfinished" />
  </message>
  <message>
   <source>{} min</source>
   <extracomment>estimates.py</extracomment>
   <translation type="unfinished" />
  </message>
  <message>
   <source>The folder {} does not exist.</source>
   <extracomment>estimates.py</extracomment>
   <translation type="unfinished" />
  </message>
  <message>
   <source>Land cover examples</source>
   <extracomment>examples.py</extracomment>
   <translation type="unfinished" />
  </message>
  <message>
   <source>The model gives several classes per patch, so there is no winning class for {}.</source>
   <extracomment>fit_verdict.py</extracomment>
   <translation type="unfinished" />
  </message>
  <message>
   <source>Bands are matched by position, since not all roles are known: check that they are {}, in this order.</source>
   <extracomment>fit_verdict.py</extracomment>
   <translation type="unfinished" />
  </message>
  <message>
   <source>The scene's pixels are {own} m, the model was trained on {trained} m: expect a poorer map.</source>
   <extracomment>fit_verdict.py</extracomment>
   <translation type="unfinished" />
  </message>
  <message>
   <source>{count} bands ({names})</source>
   <extracomment>fit_verdict.py</extracomment>
   <translation type="unfinished" />
  </message>
  <message>
   <source>1 band ({names})</source>
   <extracomment>fit_verdict.py</extracomment>
   <translation type="unfinished" />
  </message>
  <message>
   <source>Give one, or merge them.</source>
   <extracomment>fit_verdict.py</extracomment>
   <translation type="unfinished" />
  </message>
  <message>
   <source>The extent does not overlap the scene.</source>
   <extracomment>fit_verdict.py</extracomment>
   <translation type="unfinished" />
  </message>
  <message>
   <source>Choose another extent.</source>
   <extracomment>fit_verdict.py</extracomment>
   <translation type="unfinished" />
  </message>
  <message>
   <source>STRIDE and PER_PIXEL are for patch classifiers; the model labels every pixel.</source>
   <extracomment>fit_verdict.py</extracomment>
   <translation type="unfinished" />
  </message>
  <message>
   <source>Leave them out.</source>
   <extracomment>fit_verdict.py</extracomment>
   <translation type="unfinished" />
  </message>
  <message>
   <source>Choose a smaller step.</source>
   <extracomment>fit_verdict.py</extracomment>
   <translation type="unfinished" />
  </message>
  <message>
   <source>Leave them out; the output holds the probability of every class.</source>
   <extracomment>fit_verdict.py</extracomment>
   <translation type="unfinished" />
  </message>
  <message>
   <source>Without the mask the values would not fit: {}</source>
   <extracomment>fit_verdict.py</extracomment>
   <translation type="unfinished" />
  </message>
  <message>
   <source>Name them in the model's order.</source>
   <extracomment>fit_verdict.py</extracomment>
   <translation type="unfinished" />
  </message>
  <message>
   <source>No valid pixel was found at the 25 places looked at.</source>
   <extracomment>fit_verdict.py</extracomment>
   <translation type="unfinished" />
  </message>
  <message>
   <source>Values were looked at without the mask.</source>
   <extracomment>fit_verdict.py</extracomment>
   <translation type="unfinished" />
  </message>
  <message>
   <source>The scene has no CRS: its pixel size is not known, nor will areas be.</source>
   <extracomment>fit_verdict.py</extracomment>
   <translation type="unfinished" />
  </message>
  <message>
   <source>The scene's CRS is in degrees, so its pixels are not square on the ground; a projected one, such as UTM, suits the model better.</source>
   <extracomment>fit_verdict.py</extracomment>
   <translation type="unfinished" />
  </message>
  <message>
   <source>no CRS</source>
   <extracomment>fit_verdict.py</extracomment>
   <translation type="unfinished" />
  </message>
  <message>
   <source>Copy the file again.</source>
   <extracomment>fit_verdict.py</extracomment>
   <translation type="unfinished" />
  </message>
  <message>
   <source>Bands {}, matched by their roles.</source>
   <extracomment>fit_verdict.py</extracomment>
   <translation type="unfinished" />
  </message>
  <message>
   <source>Bands {}, matched by position.</source>
   <extracomment>fit_verdict.py</extracomment>
   <translation type="unfinished" />
  </message>
  <message>
   <source>Bands {}, as chosen.</source>
   <extracomment>fit_verdict.py</extracomment>
   <translation type="unfinished" />
  </message>
  <message>
   <source>{width} x {height} pixels</source>
   <extracomment>fit_verdict.py</extracomment>
   <translation type="unfinished" />
  </message>
  <message>
   <source>a CRS of its own</source>
   <extracomment>fit_verdict.py</extracomment>
   <translation type="unfinished" />
  </message>
  <message>
   <source>{} masks were given for one scene.</source>
   <extracomment>fit_verdict.py</extracomment>
   <translation type="unfinished" />
  </message>
  <message>
   <source>With PER_PIXEL, STRIDE can be at most {} pixels, the model's window.</source>
   <extracomment>fit_verdict.py</extracomment>
   <translation type="unfinished" />
  </message>
  <message>
   <source>BANDS names {given} bands, the model needs {needed} ({names}).</source>
   <extracomment>fit_verdict.py</extracomment>
   <translation type="unfinished" />
  </message>
  <message>
   <source>It cannot be looked at here ({}).</source>
   <extracomment>fit_verdict.py</extracomment>
   <translation type="unfinished" />
  </message>
  <message>
   <source>fetching and installing packages, about {} GB on disk</source>
   <extracomment>installer.py</extracomment>
   <translation type="unfinished" />
  </message>
  <message>
   <source>Step {number} of {last}: {what}</source>
   <extracomment>installer.py</extracomment>
   <translation type="unfinished" />
  </message>
  <message>
   <source>making the environment</source>
   <extracomment>installer.py</extracomment>
   <translation type="unfinished" />
  </message>
  <message>
   <source>checking every package and classifying an image</source>
   <extracomment>installer.py</extracomment>
   <translation type="unfinished" />
  </message>
  <message>
   <source>This plugin wants other versions of some packages ({}): update it.</source>
   <extracomment>maintenance.py</extracomment>
   <translation type="unfinished" />
  </message>
  <message>
   <source>The engine is not installed yet.</source>
   <extracomment>maintenance.py</extracomment>
   <translation type="unfinished" />
  </message>
  <message>
   <source>The engine is installed in {}, for NVIDIA cards and the processor.</source>
   <extracomment>maintenance.py</extracomment>
   <translation type="unfinished" />
  </message>
  <message>
   <source>The engine is installed in {}, for the processor.</source>
   <extracomment>maintenance.py</extracomment>
   <translation type="unfinished" />
  </message>
  <message>
   <source>{path} holds values that are not finite ({name}).</source>
   <extracomment>model_card.py</extracomment>
   <translation type="unfinished" />
  </message>
  <message>
   <source>{} is damaged: its content does not fit its hash.</source>
   <extracomment>model_card.py</extracomment>
   <translation type="unfinished" />
  </message>
  <message>
   <source>{} is damaged or incomplete.</source>
   <extracomment>model_card.py</extracomment>
   <translation type="unfinished" />
  </message>
  <message>
   <source>{} fits this model.</source>
   <extracomment>model_text.py</extracomment>
   <translation type="unfinished" />
  </message>
  <message>
   <source>{} can be classified, but look:</source>
   <extracomment>model_text.py</extracomment>
   <translation type="unfinished" />
  </message>
  <message>
   <source>{} does not fit:</source>
   <extracomment>model_text.py</extracomment>
   <translation type="unfinished" />
  </message>
  <message>
   <source>{} is judged when it runs.</source>
   <extracomment>model_text.py</extracomment>
   <translation type="unfinished" />
  </message>
  <message>
   <source>labels every pixel</source>
   <extracomment>model_text.py</extracomment>
   <translation type="unfinished" />
  </message>
  <message>
   <source>labels windows of {0} &amp;times; {0} pixels, several classes each</source>
   <extracomment>model_text.py</extracomment>
   <translation type="unfinished" />
  </message>
  <message>
   <source>labels windows of {0} &amp;times; {0} pixels</source>
   <extracomment>model_text.py</extracomment>
   <translation type="unfinished" />
  </message>
  <message>
   <source>not recorded</source>
   <extracomment>model_text.py</extracomment>
   <translation type="unfinished" />
  </message>
  <message>
   <source>{} (8-bit pictures; reflectance is stretched)</source>
   <extracomment>model_text.py</extracomment>
   <translation type="unfinished" />
  </message>
  <message>
   <source>{range} (reflectance = value {formula}; with Sentinel-2's +1000)</source>
   <extracomment>model_text.py</extracomment>
   <translation type="unfinished" />
  </message>
  <message>
   <source>{range} (reflectance = value {formula})</source>
   <extracomment>model_text.py</extracomment>
   <translation type="unfinished" />
  </message>
  <message>
   <source>{accuracy}, macro F1 {f1}</source>
   <extracomment>model_text.py</extracomment>
   <translation type="unfinished" />
  </message>
  <message>
   <source>{} on validation data, which the training went by: optimistic</source>
   <extracomment>model_text.py</extracomment>
   <translation type="unfinished" />
  </message>
  <message>
   <source>{} classes</source>
   <extracomment>model_text.py</extracomment>
   <translation type="unfinished" />
  </message>
  <message>
   <source>{bands} at {size} m</source>
   <extracomment>model_text.py</extracomment>
   <translation type="unfinished" />
  </message>
  <message>
   <source>{} on test data, which the training went by: optimistic</source>
   <extracomment>model_text.py</extracomment>
   <translation type="unfinished" />
  </message>
  <message>
   <source>{} on the test, which training never saw</source>
   <extracomment>model_text.py</extracomment>
   <translation type="unfinished" />
  </message>
  <message>
   <source>&lt;i&gt;Bands:&lt;/i&gt; {}</source>
   <extracomment>model_text.py</extracomment>
   <translation type="unfinished" />
  </message>
  <message>
   <source>&lt;i&gt;Values:&lt;/i&gt; {}</source>
   <extracomment>model_text.py</extracomment>
   <translation type="unfinished" />
  </message>
  <message>
   <source>&lt;i&gt;Accuracy:&lt;/i&gt; {}</source>
   <extracomment>model_text.py</extracomment>
   <translation type="unfinished" />
  </message>
  <message>
   <source>{listed} and {count} more</source>
   <extracomment>model_text.py</extracomment>
   <translation type="unfinished" />
  </message>
  <message>
   <source>{low} to {high}</source>
   <extracomment>model_text.py</extracomment>
   <translation type="unfinished" />
  </message>
  <message>
   <source>{} (8-bit pictures)</source>
   <extracomment>model_text.py</extracomment>
   <translation type="unfinished" />
  </message>
  <message>
   <source>It labels every pixel of a scene; patches need a patch classifier.</source>
   <extracomment>model_widget.py</extracomment>
   <translation type="unfinished" />
  </message>
  <message>
   <source>Before you run:</source>
   <extracomment>model_widget.py</extracomment>
   <translation type="unfinished" />
  </message>
  <message>
   <source>The map has a pixel for every {step} of the scene's: {columns} x {rows} of them.</source>
   <extracomment>model_widget.py</extracomment>
   <translation type="unfinished" />
  </message>
  <message>
   <source>{} is not a file. Export it to a GeoTIFF and use that.</source>
   <extracomment>model_widget.py</extracomment>
   <translation type="unfinished" />
  </message>
  <message>
   <source>Band {} is called alpha, but holds measured values; it is taken for a band like the others.</source>
   <extracomment>scene_facts.py</extracomment>
   <translation type="unfinished" />
  </message>
  <message>
   <source>The scene has ground control points instead of a place: rectify it first, or the result will have no place either.</source>
   <extracomment>scene_facts.py</extracomment>
   <translation type="unfinished" />
  </message>
  <message>
   <source>The algorithms compute in a Python environment of their own, outside QGIS: nothing in QGIS or in another plugin is changed, and no administrator rights are needed.</source>
   <extracomment>setup_dialog.py</extracomment>
   <translation type="unfinished" />
  </message>
  <message>
   <source>Delete the engine's environment? It can be installed again at any time.</source>
   <extracomment>setup_dialog.py</extracomment>
   <translation type="unfinished" />
  </message>
  <message>
   <source>Done. The algorithms are in the Processing Toolbox under Land cover; something to try them on: Plugins &gt; Land cover (LULC) &gt; Load the demo scene.</source>
   <extracomment>setup_dialog.py</extracomment>
   <translation type="unfinished" />
  </message>
  <message>
   <source>{free:.1f} GB free; installing takes {peak:.1f} GB, {rest:.1f} GB remain in use.</source>
   <extracomment>setup_dialog.py</extracomment>
   <translation type="unfinished" />
  </message>
  <message>
   <source>Land cover: set up the engine</source>
   <extracomment>setup_dialog.py</extracomment>
   <translation type="unfinished" />
  </message>
  <message>
   <source>An NVIDIA card seems to be here.</source>
   <extracomment>setup_dialog.py</extracomment>
   <translation type="unfinished" />
  </message>
  <message>
   <source>Folder</source>
   <extracomment>setup_dialog.py</extracomment>
   <translation type="unfinished" />
  </message>
  <message>
   <source>Advanced</source>
   <extracomment>setup_dialog.py</extracomment>
   <translation type="unfinished" />
  </message>
  <message>
   <source>Download nothing, take these files</source>
   <extracomment>setup_dialog.py</extracomment>
   <translation type="unfinished" />
  </message>
  <message>
   <source>The first one that fits, 3.11 to 3.14</source>
   <extracomment>setup_dialog.py</extracomment>
   <translation type="unfinished" />
  </message>
  <message>
   <source>Move to folder</source>
   <extracomment>setup_dialog.py</extracomment>
   <translation type="unfinished" />
  </message>
  <message>
   <source>Cancel</source>
   <extracomment>setup_dialog.py</extracomment>
   <translation type="unfinished" />
  </message>
  <message>
   <source>Close</source>
   <extracomment>setup_dialog.py</extracomment>
   <translation type="unfinished" />
  </message>
  <message>
   <source>Done.</source>
   <extracomment>setup_dialog.py</extracomment>
   <translation type="unfinished" />
  </message>
  <message>
   <source>Error: </source>
   <extracomment>setup_dialog.py</extracomment>
   <translation type="unfinished" />
  </message>
  <message>
   <source>Warning: </source>
   <extracomment>setup_dialog.py</extracomment>
   <translation type="unfinished" />
  </message>
  <message>
   <source>Repair or update</source>
   <extracomment>setup_dialog.py</extracomment>
   <translation type="unfinished" />
  </message>
  <message>
   <source>Install</source>
   <extracomment>setup_dialog.py</extracomment>
   <translation type="unfinished" />
  </message>
  <message>
   <source>Stopping ...</source>
   <extracomment>setup_dialog.py</extracomment>
   <translation type="unfinished" />
  </message>
  <message>
   <source>No NVIDIA card was noticed on this computer.</source>
   <extracomment>setup_dialog.py</extracomment>
   <translation type="unfinished" />
  </message>
  <message>
   <source>It did not work; see the log.</source>
   <extracomment>setup_dialog.py</extracomment>
   <translation type="unfinished" />
  </message>
  <message>
   <source>Processor: works on every computer, about {} GB</source>
   <extracomment>setup_dialog.py</extracomment>
   <translation type="unfinished" />
  </message>
  <message>
   <source>NVIDIA graphics card (CUDA): faster training, about {} GB</source>
   <extracomment>setup_dialog.py</extracomment>
   <translation type="unfinished" />
  </message>
  <message>
   <source>This folder cannot be used.</source>
   <extracomment>setup_dialog.py</extracomment>
   <translation type="unfinished" />
  </message>
  <message>
   <source>Cancelled; nothing has changed.</source>
   <extracomment>setup_dialog.py</extracomment>
   <translation type="unfinished" />
  </message>
  <message>
   <source>The whole log: {}</source>
   <extracomment>setup_dialog.py</extracomment>
   <translation type="unfinished" />
  </message>
  <message>
   <source />
   <extracomment>text_widget.py</extracomment>
   <translation type="unfinished" />
  </message>
  <message>
   <source>Folder…</source>
   <extracomment>text_widget.py</extracomment>
   <translation type="unfinished" />
  </message>
  <message>
   <source>File…</source>
   <extracomment>text_widget.py</extracomment>
   <translation type="unfinished" />
  </message>
 </context>
</TS>
