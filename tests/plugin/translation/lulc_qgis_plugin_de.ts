<?xml version="1.0" encoding="utf-8"?>
<!DOCTYPE TS>
<TS version="2.1" language="de" sourcelanguage="en">
 <context>
  <name>LulcPlugin</name>
  <message><source>Train segmenter</source><translation>Segmentierer trainieren</translation></message>
  <message><source>Scenes</source><translation>Szenen</translation></message>
  <message><source>Overall accuracy</source><translation>Gesamtgenauigkeit</translation></message>
  <message><source>Polygons, points or a label raster.</source><translation>Flächen, Punkte oder ein Raster.</translation></message>
  <message><source>The engine is not installed yet.</source><translation>Die Rechenumgebung ist noch nicht eingerichtet.</translation></message>
 </context>
</TS>
